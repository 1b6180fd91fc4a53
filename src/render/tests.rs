//! Whole reports in every format: laws that hold whatever the data.

use super::fixture::{cents, report};
use super::{Templates, TextOptions, Theme, html, json, text};
use crate::report::parts::{
    Bar, Category, Chart, ColumnGroup, DotRange, DotRow, Figure, HeatCell, HeatMap, HorizontalBars,
    HourlyColumns, Prose, Report, StackedColumns, Tone, Value,
};

fn page(report: &Report) -> String {
    html(report, &Templates::default(), Theme::Auto).unwrap_or_else(|error| {
        panic!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string))
    })
}

/// Writes the fixture's pages where `BEDROCK_LENS_PAGES` says, to look at them.
#[test]
fn the_fixture_renders_in_every_theme() {
    let target = option_env!("BEDROCK_LENS_PAGES").map(std::path::Path::new);
    for (theme, name) in [(Theme::Auto, "auto"), (Theme::Light, "light"), (Theme::Dark, "dark")] {
        let page = html(&report(), &Templates::default(), theme).expect("rendered");
        assert!(page.starts_with("<!doctype html>"), "{}", &page[..40]);
        if let Some(folder) = target {
            std::fs::write(folder.join(format!("{name}.html")), page).expect("written");
        }
    }
    if let Some(folder) = target {
        std::fs::write(folder.join("report.txt"), text(&report(), TextOptions::default()))
            .expect("written");
        std::fs::write(folder.join("report.json"), json(&report()).expect("json"))
            .expect("written");
    }
}
