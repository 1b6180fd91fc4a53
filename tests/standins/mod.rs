//! Stand-ins for AWS on loopback: real servers that tests start, ask and end.
//!
//! The Python packages they need (`requirements.txt`) are installed once, into a folder of the user's
//! cache that is named by the file's content. Servers take a free port and end with the test.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/standins")
}

/// The Python of the stand-ins' own environment, made when it isn't there yet.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let requirements = folder().join("requirements.txt");
        let pinned = fs::read(&requirements).expect("the list of packages");
        let hash = hex::encode(&Sha256::digest(&pinned)[..6]);
        let cache = cache().join("bedrock-lens");
        fs::create_dir_all(&cache).expect("a cache folder");
        let environment = cache.join(format!("standins-{hash}"));
        // Several test processes may want it at the same time; the lock ends with the process.
        let lock = fs::File::create(cache.join(format!("standins-{hash}.lock"))).expect("a lock");
        lock.lock().expect("the lock");
        let program = environment.join("bin/python");
        let done = environment.join("complete");
        if !done.exists() {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            run(Command::new(&program).args(pip).arg(&requirements));
            fs::write(done, "").expect("the mark of a complete environment");
        }
        program
    })
}

/// A program that the stand-ins' packages bring.
pub(crate) fn program(name: &str) -> PathBuf {
    python().with_file_name(name)
}

fn cache() -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty());
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache");
    named.map_or_else(home, PathBuf::from)
}

fn run(command: &mut Command) {
    let output = command.output().expect("python3 starts");
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A program that serves a port on loopback and answers questions about it on its standard input.
pub(crate) struct Server {
    child: Child,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    port: u16,
    /// The authority that its certificate is signed by, PEM.
    pub(crate) ca: Option<String>,
}

impl Server {
    fn start(script: &str, args: &[String]) -> Self {
        let mut child = Command::new(python())
            .arg(folder().join(script))
            .args(args)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stand-in starts");
        let stdin = child.stdin.take().expect("its input");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its first line");
        let ready: Value = serde_json::from_str(&line).expect("its port");
        let port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let ca = ready["ca"].as_str().map(str::to_owned);
        Self { child, talk: Mutex::new((stdin, stdout)), port: port.expect("its port"), ca }
    }

    /// AWS: S3 and whatever else moto serves.
    pub(crate) fn moto() -> Self {
        Self::start("moto_server.py", &[])
    }

    /// CloudTrail's event history and public keys.
    pub(crate) fn cloudtrail() -> Self {
        Self::start("cloudtrail_stub.py", &[])
    }

    /// An SMTP server: `plain`, `starttls` or `tls`, with a login or without.
    pub(crate) fn smtp(security: &str, login: &[&str]) -> Self {
        let args = std::iter::once(&security).chain(login).map(|arg| (*arg).to_owned());
        Self::start("smtp_server.py", &args.collect::<Vec<_>>())
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A proxy before another server that answers by rules.
    pub(crate) fn faults_before(server: &Server) -> Self {
        Self::start("fault_proxy.py", &[server.port.to_string()])
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it, and returns its answer.
    #[track_caller]
    pub(crate) fn ask(&self, question: &Value) -> Value {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(talk.0, "{question}").expect("the stand-in listens");
        let mut line = String::new();
        talk.1.read_line(&mut line).expect("the stand-in answers");
        let answer: Value = serde_json::from_str(&line).expect("an answer in JSON");
        assert_eq!(answer["error"], Value::Null, "{question}");
        answer
    }

    /// The requests since last asked whose host or path holds this text.
    pub(crate) fn requests(&self, about: &str) -> Vec<Value> {
        match self.ask(&json!({"do": "requests", "about": about}))["requests"].take() {
            Value::Array(requests) => requests,
            other => panic!("no requests: {other}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended by itself if this fails.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
