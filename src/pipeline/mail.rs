//! A report as a mail: the short page, and the whole of it attached or linked.

use super::Error;
use super::forms::{Press, ReportForm, rendered};
use crate::deliver::mail::{Attachment, Inline, Mail, Message, Shown};
use crate::render::email::{About, Link, email};
use crate::report::parts::Report;
use crate::store::Item;

/// Who a report is mailed from and to, and what comes with it.
#[derive(Debug, Clone, Default)]
pub struct MailPlan<'a> {
    /// Who it is from.
    pub from: &'a str,
    /// Where answers go.
    pub reply_to: &'a [String],
    /// What its `To` line says.
    pub to: Shown<'a>,
    /// The list it is sent to.
    pub list: Option<&'a str>,
    /// The file that the list stands in.
    pub owner: Option<&'a str>,
    /// Forms that come with it.
    pub attach: &'a [ReportForm],
    /// Where the whole report is.
    pub link: Option<Link>,
}

/// The mail, ready to be sent.
///
/// # Errors
/// When a template is wrong, a form can't be made, or an address can't be meant.
pub fn mail(report: &Report, press: &Press<'_>, plan: &MailPlan<'_>) -> Result<Message, Error> {
    let mut files = Vec::with_capacity(plan.attach.len());
    for form in plan.attach {
        files.push((form.file_name(report), *form, rendered(report, *form, press)?));
    }
    let about = About {
        attached: files.iter().map(|(name, form, _)| (name.clone(), in_words(*form))).collect(),
        link: plan.link.clone(),
        list: plan.list.map(str::to_owned),
        owner: plan.owner.map(str::to_owned),
        version: env!("CARGO_PKG_VERSION"),
    };
    let parts = email(report, press.look, &about).map_err(Error::Render)?;
    let images = parts.images.iter().map(|image| Inline { cid: image.cid, png: &image.png });
    let attachments = files.iter().map(|(name, form, bytes)| Attachment {
        name,
        content_type: form.content_type(),
        bytes,
    });
    let item = report_item(report, None);
    let mail = Mail {
        from: plan.from,
        to: plan.to.clone(),
        reply_to: plan.reply_to,
        subject: &parts.subject,
        text: &parts.text,
        html: &parts.html,
        images: images.collect(),
        attachments: attachments.collect(),
        date: report.generated,
        about: &format!("{} {} {}", item.subject, item.instance, plan.list.unwrap_or_default()),
    };
    Ok(mail.message()?)
}

/// What a file is, for the sentence that names it.
fn in_words(form: ReportForm) -> &'static str {
    match form {
        ReportForm::Html => "the whole report (opens without a network, prints to A4 or Letter)",
        ReportForm::Pdf => "the whole report, for print",
        ReportForm::Text(_) => "the whole report as text",
        ReportForm::Json => "its values, for programs",
        ReportForm::Csv => "every table in it as CSV",
        ReportForm::Xlsx => "every table in it as a workbook",
    }
}

/// What the ledger of deliveries knows a report by: its kind, for whom it is made, which requests it is
/// about, its zone and its period.
pub fn report_item(report: &Report, scope: Option<&str>) -> Item {
    let time =
        |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let zone = Some(report.timezone.as_str()).filter(|zone| *zone != "UTC");
    let named = [Some("report"), Some(report.kind), report.audience, scope, zone];
    Item {
        subject: named.into_iter().flatten().collect::<Vec<_>>().join(" "),
        instance: format!("{}/{}", time(report.period.from), time(report.period.to)),
    }
}
