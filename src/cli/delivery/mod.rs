//! Where a finished report goes: forms, files, S3, mail; and what is said of it.
//!
//! Files come first: when a mail can't be sent, the report is there all the same, and the run ends with 3.

mod completeness;
mod files;
mod mail;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

pub(super) use completeness::is_complete;
pub(super) use mail::{mailer, sender};

use super::{Context, Exit, Failure, output};
use crate::deliver::s3::{Encryption, Upload};
use crate::pipeline::{self, Press, ReportForm};
use crate::render::{self, TextOptions};
use crate::report::parts::Report;
use crate::settings::{UploadEncryption, UploadSettings};

/// Where a report goes.
#[derive(Debug, Args)]
pub(super) struct DeliveryArgs {
    /// Forms to write; csv is a zip of all tables, email a message file, pdf takes an installed Chromium
    /// [default: html]
    #[arg(long, value_delimiter = ',', value_name = "FORM,…")]
    format: Vec<Format>,
    /// File, folder or `s3://bucket/key` to write to; `-` is standard output [default: the current folder]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write and send nothing, and exit with 4, unless the period is over, its late logs had their time
    /// (`late_minutes`), and the store was filled after that
    #[arg(long)]
    pub(super) if_complete: bool,
    /// Print one line of JSON about the run, alone on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    storing: StoringArgs,
}

/// Mail.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for mail")]
pub(super) struct SendingArgs {
    /// Mail the report to the lists of `[[recipients]]` that take it, once: a run again sends to nobody
    /// who has it
    #[arg(long)]
    send: bool,
    /// Mail to these lists or addresses only
    #[arg(long, value_delimiter = ',', value_name = "LIST|ADDRESS,…")]
    mail_to: Vec<String>,
    /// Mail also to those who have it, or of whom a run that was cut off doesn't know
    #[arg(long, requires = "send")]
    resend: bool,
    /// Send nothing; write the mail that would be sent
    #[arg(long)]
    dry_run: bool,
}

/// S3.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for S3 as the target")]
pub(super) struct StoringArgs {
    /// Encryption of objects that are written [default: `[upload]`, else as the bucket says]
    #[arg(long, value_name = "HOW")]
    encryption: Option<EncryptionChoice>,
    /// Key of KMS to encrypt with: ARN, id or alias
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One self-contained page.
    Html,
    /// A message with its attachments (.eml).
    Email,
    /// Plain text.
    Text,
    /// The report's values, for programs.
    Json,
    /// Every table as CSV, in a zip.
    Csv,
    /// A workbook with a sheet per table, and charts.
    Xlsx,
    /// The page, printed by an installed Chromium.
    Pdf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncryptionChoice {
    /// Keys of S3 (SSE-S3).
    Aes256,
    /// A key of KMS (SSE-KMS).
    Kms,
}

/// What a run has done so far.
#[derive(Debug, Default)]
struct Done {
    /// Where files and objects are.
    outputs: Vec<String>,
    /// Deliveries by mail.
    mail: mail::Tally,
    /// Whether something was not delivered.
    is_partial: bool,
}

impl DeliveryArgs {
    /// Checks what can be checked before the report is made.
    ///
    /// # Errors
    /// Wrong usage, or nobody to send to.
    pub(super) fn check(
        &self,
        kind: &str,
        audience: Option<&str>,
        context: &Context,
    ) -> Result<(), Failure> {
        let forms = self.formats();
        let to_stdout = self.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
        if to_stdout && (self.json || forms.len() > 1) {
            return Err(Failure::usage(
                "`-o -` takes one format and no `--json`: standard output holds one thing",
            ));
        }
        if self.storing.kms_key.is_some()
            && self.storing.encryption == Some(EncryptionChoice::Aes256)
        {
            return Err(Failure::usage("`--kms-key` goes with `--encryption kms`"));
        }
        if self.sends() {
            mail::recipients(&self.sending, kind, audience, context)?;
            mail::sender(context)?;
        }
        Ok(())
    }

    /// The forms asked for; a dry run writes the mail.
    fn formats(&self) -> Vec<Format> {
        let mut formats = Vec::new();
        for format in &self.format {
            if !formats.contains(format) {
                formats.push(*format);
            }
        }
        if formats.is_empty() {
            formats.push(if self.sending.dry_run { Format::Email } else { Format::Html });
        }
        formats
    }

    fn sends(&self) -> bool {
        self.sending.send && !self.sending.dry_run
    }

    fn upload(&self, context: &Context) -> Upload {
        let mut upload = upload(&context.settings.upload, context);
        match (self.storing.encryption, &self.storing.kms_key) {
            (Some(EncryptionChoice::Aes256), _) => upload.encryption = Some(Encryption::Aes256),
            (Some(EncryptionChoice::Kms), key) | (None, key @ Some(_)) => {
                let configured = context.settings.upload.kms_key.clone();
                upload.encryption = Some(Encryption::Kms(key.clone().or(configured)));
            }
            (None, None) => {}
        }
        upload
    }
}

fn upload(settings: &UploadSettings, context: &Context) -> Upload {
    Upload {
        access: context.access(&settings.access()),
        s3_endpoint_url: context.settings.s3_endpoint_url.clone(),
        encryption: settings.encryption.map(|encryption| match encryption {
            UploadEncryption::Aes256 => Encryption::Aes256,
            UploadEncryption::Kms => Encryption::Kms(settings.kms_key.clone()),
        }),
    }
}

/// Writes and sends a finished report. `so_far` is how the run stands: partial when not all of the input
/// could be read.
///
/// # Errors
/// When nothing at all could be written.
pub(super) fn deliver(
    report: &Report,
    args: &DeliveryArgs,
    (press, scope): (&Press<'_>, Option<&str>),
    so_far: Exit,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut done = Done::default();
    let mut first_failure = None;
    for format in args.formats() {
        let written = files::write(report, format, args, press, &mut done, context);
        if let Err(failure) = written
            && let Some(earlier) = first_failure.replace(failure)
        {
            context.output.trouble(&earlier);
        }
    }
    if let Some(failure) = first_failure {
        if done.outputs.is_empty() {
            return Err(failure);
        }
        context.output.trouble(&failure);
        done.is_partial = true;
    }
    if args.sends()
        && let Err(failure) = mail::send(report, args, (press, scope), &mut done, context)
    {
        context.output.trouble(&failure);
        done.is_partial = true;
    }
    let exit = if done.is_partial { Exit::Partial } else { so_far };
    if args.json {
        output::result(&line(report, &done, exit))?;
    } else {
        context.output.note(&pipeline::headline(report));
    }
    Ok(exit)
}

/// The line that `--json` prints.
fn line(report: &Report, done: &Done, exit: Exit) -> String {
    let mut fields = render::summary::of(report);
    fields.insert("outputs".to_owned(), json!(done.outputs));
    fields.insert("mail".to_owned(), done.mail.json());
    fields.insert("exit".to_owned(), json!(exit as u8));
    format!("{}\n", serde_json::Value::Object(fields))
}

impl Format {
    /// The form that is rendered; a mail is put together elsewhere.
    fn form(self, text: TextOptions) -> Option<ReportForm> {
        Some(match self {
            Self::Html => ReportForm::Html,
            Self::Text => ReportForm::Text(text),
            Self::Json => ReportForm::Json,
            Self::Csv => ReportForm::Csv,
            Self::Xlsx => ReportForm::Xlsx,
            Self::Pdf => ReportForm::Pdf,
            Self::Email => return None,
        })
    }
}
