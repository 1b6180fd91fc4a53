//! A page printed to PDF by a Chromium that is installed, in a profile that nobody else uses.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Error;

/// Names that a Chromium goes by on the search path.
const NAMES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
];
/// Where it lies when it isn't on the search path.
const PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];
/// How long printing may take.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The browser to print with: the named one, else the first on the search path.
///
/// # Errors
/// [`Error::NoBrowser`].
pub fn browser(named: Option<&Path>, search: &[PathBuf]) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return if named.is_file() { Ok(named.to_owned()) } else { Err(Error::NoBrowser) };
    }
    let on_path = search.iter().flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let mut candidates = on_path.chain(PLACES.map(PathBuf::from));
    candidates.find(|path| path.is_file()).ok_or(Error::NoBrowser)
}

/// The page as the bytes of a PDF.
///
/// # Errors
/// [`Error::Print`] when the browser fails or takes longer than two minutes.
pub fn pdf(html: &str, browser: &Path) -> Result<Vec<u8>, Error> {
    let failed = |reason: String| Error::Print { browser: browser.to_owned(), reason };
    let io = |error: std::io::Error| failed(error.to_string());
    let folder = tempfile::tempdir().map_err(io)?;
    let (page, printed) = (folder.path().join("report.html"), folder.path().join("report.pdf"));
    let said = folder.path().join("said");
    fs::write(&page, html).map_err(io)?;
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"])
        .args(["--disable-background-networking", "--disable-dev-shm-usage"])
        .arg("--no-pdf-header-footer")
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", printed.display()));
    if is_root(folder.path()) {
        // Its sandbox refuses to start for this user.
        command.arg("--no-sandbox");
    }
    let log = fs::File::create(&said).map_err(io)?;
    command.arg(&page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let ended = wait(command.spawn().map_err(io)?).map_err(io)?;
    let bytes = fs::read(&printed).unwrap_or_default();
    if bytes.starts_with(b"%PDF") {
        return Ok(bytes);
    }
    Err(failed(match ended {
        None => format!("no end after {} s", PATIENCE.as_secs()),
        Some(status) => format!("{status}{}", last_line(&said)),
    }))
}

/// How it ended; `None` when it was stopped because it took too long.
fn wait(mut child: Child) -> std::io::Result<Option<std::process::ExitStatus>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Whether this process belongs to the administrator: what it made does.
#[cfg(unix)]
fn is_root(made: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(made).is_ok_and(|folder| folder.uid() == 0)
}

#[cfg(not(unix))]
fn is_root(_made: &Path) -> bool {
    false
}

/// The last line of what it said, at most 200 characters.
fn last_line(said: &Path) -> String {
    let mut text = Vec::new();
    let read = fs::File::open(said).and_then(|file| file.take(1 << 20).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).filter(|_| read.is_ok());
    last.map_or_else(String::new, |line| {
        format!(", last said: {}", line.trim().chars().take(200).collect::<String>())
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::browser;
    use crate::deliver::Error;

    #[test]
    fn the_first_on_the_path_is_taken_and_a_named_one_must_be_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let chrome = folder.path().join("google-chrome");
        std::fs::write(&chrome, "").expect("a file");
        let found = browser(None, &[folder.path().to_owned()]).expect("found");
        assert_eq!(found, chrome);
        let named = browser(Some(Path::new("/no/chrome")), &[folder.path().to_owned()]);
        assert!(matches!(named, Err(Error::NoBrowser)), "{named:?}");
    }
}
