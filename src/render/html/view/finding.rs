//! Findings in words: severity with its shape, when, what, and the command that shows it.

use super::{Run, runs};
use crate::render::format::Format;
use crate::render::format::words::legible as clean;
use crate::report::parts::{Finding, Severity};

#[derive(Debug, Clone)]
pub(super) struct FindingView {
    word: &'static str,
    icon: &'static str,
    tone: &'static str,
    when: String,
    title: Vec<Run>,
    detail: Vec<Run>,
    state: Option<&'static str>,
    query: String,
}

shown!(FindingView { word, icon, tone, when, title, detail, state, query });

pub(super) fn view(finding: &Finding, format: &Format) -> FindingView {
    let (word, icon, tone) = match finding.severity {
        Severity::High => ("High", "i-high", "bad"),
        Severity::Medium => ("Medium", "i-medium", "warn"),
        Severity::Low => ("Low", "i-low", "mute2"),
    };
    FindingView {
        word,
        icon,
        tone,
        when: finding.period.map(|period| format.span_of_time(period)).unwrap_or_default(),
        title: runs(&finding.title, format),
        detail: runs(&finding.detail, format),
        state: finding.state,
        query: clean(&finding.query),
    }
}
