//! Where words go: results to stdout, everything else to stderr; colour only where it is wanted.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};

use clap::ValueEnum;

use super::Exit;
use super::failure::Failure;
use crate::settings::Environment;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams and how much to say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Say nothing on success.
    pub(super) quiet: bool,
    /// How much more to say.
    pub(super) verbose: u8,
    /// Colour on stdout.
    pub(super) color_stdout: bool,
    color_stderr: bool,
}

impl Output {
    /// Decides colour once.
    pub(super) fn new(
        quiet: bool,
        verbose: u8,
        color: ColorChoice,
        environment: &Environment,
    ) -> Self {
        let wanted = |is_terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !environment.no_color && !environment.dumb_terminal,
        };
        Self {
            quiet,
            verbose,
            color_stdout: wanted(io::stdout().is_terminal()),
            color_stderr: wanted(io::stderr().is_terminal()),
        }
    }

    /// A remark for people, on stderr; silent under `--quiet`.
    pub(super) fn note(self, text: &str) {
        if !self.quiet {
            stderr(text);
        }
    }

    /// Something not right, on stderr, even under `--quiet`.
    pub(super) fn warn(self, text: &str) {
        stderr(&format!("{} {text}", self.paint("warning:", "33")));
    }

    /// What to do next, on stderr.
    pub(super) fn hint(self, text: &str) {
        stderr(&format!("{} {text}", self.paint("hint:", "36")));
    }

    /// Something that could not be done while the rest was, with its causes and what to do next.
    pub(super) fn trouble(self, failure: &Failure) {
        self.explain(&self.paint("warning:", "33"), failure);
    }

    /// Why the run failed, with its causes and what to do next.
    pub(super) fn failure(self, failure: &Failure) -> Exit {
        self.explain(&self.paint("error:", "31"), failure);
        failure.exit
    }

    fn explain(self, label: &str, failure: &Failure) {
        stderr(&format!("{label} {}", failure.error));
        for cause in failure.error.chain().skip(1) {
            stderr(&format!("  caused by: {cause}"));
        }
        if let Some(hint) = failure.hint() {
            self.hint(&hint);
        }
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.color_stderr { format!("\u{1b}[1;{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Width to fit tables into: the terminal's, at most 120; none when piped, so nothing is cut.
pub(super) fn table_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0).min(120))
}

/// The result of the run, on stdout.
///
/// # Errors
/// When stdout can't be written. A closed pipe is not an error: the reader has had enough.
pub(super) fn result(text: &str) -> io::Result<()> {
    bytes(text.as_bytes())
}

/// As [`result`], for forms that are not text.
///
/// # Errors
/// As [`result`].
pub(super) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to stderr; there is nowhere to complain if that fails.
fn stderr(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// Whether the person at the terminal agrees to a change.
///
/// # Errors
/// Wrong usage where there is no terminal: nobody could say no.
pub(super) fn agreed(question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(
            "nobody is there to agree to the change: say `--yes`, or run this in a terminal",
        ));
    }
    write!(io::stderr().lock(), "{question}").ok();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Failure {
        error: anyhow::Error::new(error).context("could not read the answer"),
        exit: Exit::Failed,
    })?;
    Ok(["y", "yes"].contains(&line.trim().to_lowercase().as_str()))
}
