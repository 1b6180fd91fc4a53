//! A report's forms as files, objects in S3, or standard output.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::{Context, DeliveryArgs, Done, Failure, Format, Press, mail, output};
use crate::deliver::s3::{Bucket, Place};
use crate::pipeline::{self, rendered};
use crate::render::TextOptions;
use crate::render::format::Script;
use crate::report::parts::Report;

/// A finished form.
struct File {
    name: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

/// Makes a form and puts it where it should go. What S3 doesn't take is kept in the current folder.
///
/// # Errors
/// When it can't be made, or not be written.
pub(super) fn write(
    report: &Report,
    format: Format,
    args: &DeliveryArgs,
    press: &Press<'_>,
    done: &mut Done,
    context: &Context,
) -> Result<(), Failure> {
    let to_stdout = args.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let files = match format.form(text_options(to_stdout, context)) {
        Some(form) => vec![File {
            name: form.file_name(report),
            content_type: form.content_type(),
            bytes: rendered(report, form, press)?,
        }],
        None => mail::drafts(report, args, press, context)?
            .into_iter()
            .map(|(name, bytes)| File { name, content_type: "message/rfc822", bytes })
            .collect(),
    };
    let several = args.formats().len() > 1 || files.len() > 1;
    for file in files {
        match args.output.as_deref() {
            Some(path) if path.as_os_str() == "-" => output::bytes(&file.bytes)?,
            Some(path) if is_s3(path) => store(&file, path, several, args, done, context)?,
            path => done.outputs.push(put(&file, path, several, context)?),
        }
    }
    Ok(())
}

fn is_s3(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.to_ascii_lowercase().starts_with("s3://"))
}

fn store(
    file: &File,
    target: &Path,
    several: bool,
    args: &DeliveryArgs,
    done: &mut Done,
    context: &Context,
) -> Result<(), Failure> {
    let place = Place::parse(&target.to_string_lossy()).map_err(pipeline::Error::Deliver)?;
    if several && !place.is_folder() {
        return Err(Failure::usage(format!(
            "`-o {place}` is one object, and there are several files to write; end it with `/`"
        )));
    }
    let place = place.of_file(&file.name);
    let bucket = Bucket::open(&args.upload(context)).map_err(pipeline::Error::Deliver)?;
    match bucket.put(&place, &file.bytes, file.content_type) {
        Ok(()) => {
            context.output.note(&format!("wrote {place}"));
            done.outputs.push(place.to_string());
        }
        Err(error) => {
            context.output.trouble(&Failure::from(pipeline::Error::Deliver(error)));
            done.is_partial = true;
            done.outputs.push(put(file, None, several, context)?);
        }
    }
    Ok(())
}

/// Writes the file and returns its path: the target itself, or below it when it is a folder.
fn put(
    file: &File,
    target: Option<&Path>,
    several: bool,
    context: &Context,
) -> Result<String, Failure> {
    let path = match target {
        None => PathBuf::from(&file.name),
        Some(folder) if several || folder.is_dir() || ends_with_slash(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|source| pipeline::Error::Write { path: folder.to_owned(), source })?;
            folder.join(&file.name)
        }
        Some(path) => path.to_owned(),
    };
    pipeline::write_whole(&path, &file.bytes)?;
    context.output.note(&format!("wrote {}", path.display()));
    Ok(path.to_string_lossy().into_owned())
}

fn ends_with_slash(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}

/// Text on a terminal is as wide as it is, in colour and with lines of blocks; in a file it is plain.
fn text_options(to_stdout: bool, context: &Context) -> TextOptions {
    let plain = TextOptions::default();
    if !to_stdout {
        return plain;
    }
    let on_terminal = std::io::stdout().is_terminal();
    TextOptions {
        width: output::table_width().unwrap_or(plain.width),
        script: if on_terminal { Script::Unicode } else { plain.script },
        color: context.output.color_stdout,
    }
}
