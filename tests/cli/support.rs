//! Running the binary in a sandbox of its own, and the data it is run on.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;
use tempfile::TempDir;

use crate::truth::Truth;

/// The present time of every run: the Tuesday after the sample data's second week.
pub(crate) const AS_OF: &str = "2026-11-17T06:00:00Z";

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The committed sample data.
pub(crate) fn sample_data() -> PathBuf {
    repository().join("sample-data")
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    // The variable lets a copied test binary be run beside a copied tool; cargo sets both.
    std::env::var_os("CARGO_BIN_EXE_bedrock-lens")
        .map_or_else(|| env!("CARGO_BIN_EXE_bedrock-lens").into(), PathBuf::from)
}

/// A home, a working folder and a store that nobody else uses; gone when dropped.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "work", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in the sandbox");
        }
        Self { folder }
    }

    /// The sandbox's own folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that runs start in.
    pub(crate) fn work(&self) -> PathBuf {
        self.path().join("work")
    }

    /// The folder that the tool makes its temporary stores in.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// The store that [`run`](Self::run) names.
    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// The command with a clean environment: no `AWS_*`, no `BEDROCK_LENS_*`, no `NO_COLOR`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path().join("home"))
            .env("TMPDIR", self.temporary())
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The tool with exactly these arguments.
    pub(crate) fn bare<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        let mut command = self.command(binary());
        command.args(args);
        self.outcome(&mut command)
    }

    /// The tool with the sandbox's store and the fixed clock.
    pub(crate) fn lens<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(binary());
        command.arg("--store").arg(self.store()).args(["--as-of", AS_OF]).args(args);
        command
    }

    /// Runs the tool with the sandbox's store and the fixed clock.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.outcome(&mut self.lens(args))
    }

    /// Starts the tool with the sandbox's store and the fixed clock.
    pub(crate) fn spawn<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Child {
        self.lens(args).spawn().expect("the tool starts")
    }

    /// Runs a prepared command.
    pub(crate) fn outcome(&self, command: &mut Command) -> Outcome {
        let output = command.output().expect("the command starts");
        self.read(&output)
    }

    /// What a finished process left.
    pub(crate) fn read(&self, output: &std::process::Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8"),
            sandbox: self.path().to_owned(),
        }
    }

    /// Ingests a source and returns the summary line.
    pub(crate) fn ingest(&self, source: &Path, expected_code: i32) -> Value {
        self.run([OsStr::new("ingest"), source.as_os_str(), OsStr::new("--json")])
            .exits(expected_code)
            .json()
    }

    /// A query's rows.
    pub(crate) fn query(&self, by: &str, metrics: &str, more: &[&str]) -> Vec<Value> {
        let mut args = vec!["query", "--format", "json", "--metrics", metrics];
        if !by.is_empty() {
            args.extend(["--by", by]);
        }
        args.extend(more);
        self.rows(&args)
    }

    /// The rows of a SQL query.
    pub(crate) fn sql(&self, text: &str) -> Vec<Value> {
        self.rows(&["query", "--format", "json", "--sql", text])
    }

    fn rows(&self, args: &[&str]) -> Vec<Value> {
        match self.run(args).exits(0).json() {
            Value::Array(rows) => rows,
            other => panic!("{args:?} printed no array: {other}"),
        }
    }

    /// Writes a file below the sandbox, with the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
        fs::write(&path, content).expect("a file in the sandbox");
        path
    }

    /// Runs a Python program and returns what it printed.
    pub(crate) fn python<A: AsRef<OsStr>>(
        &self,
        program: &str,
        args: impl IntoIterator<Item = A>,
    ) -> String {
        let mut command = self.command("python3");
        command.arg("-c").arg(program).args(args);
        self.outcome(&mut command).exits(0).stdout
    }
}

/// How a run ended and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    sandbox: PathBuf,
}

impl Outcome {
    /// The same outcome, if the exit code is the expected one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout.chars().take(2000).collect::<String>(),
            self.stderr
        );
        self
    }

    /// Fails unless nothing at all was said.
    #[track_caller]
    pub(crate) fn is_silent(&self) {
        assert_eq!((self.stdout.as_str(), self.stderr.as_str()), ("", ""));
    }

    /// Stdout, which must be one JSON value and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON ({error}): {}", self.stdout))
    }

    /// The whole outcome as text, paths of this machine taken out.
    pub(crate) fn shown(&self) -> String {
        let code = self.code.map_or("killed".to_owned(), |code| code.to_string());
        let shown = |text: &str| {
            let text = [&self.sandbox, &self.sandbox.canonicalize().expect("sandbox")]
                .into_iter()
                .fold(text.to_owned(), |text, path| {
                    text.replace(&path.display().to_string(), "[SANDBOX]")
                });
            text.replace(&repository().display().to_string(), "[REPOSITORY]")
        };
        format!(
            "exit code: {code}\n----- stdout -----\n{}\n----- stderr -----\n{}",
            shown(&self.stdout),
            shown(&self.stderr)
        )
    }
}

/// Log files that the generator wrote, and what they add up to.
pub(crate) struct Generated {
    folder: TempDir,
    pub(crate) truth: Truth,
}

impl Generated {
    /// The folder that holds `AWSLogs`.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("logs")
    }
}

/// Runs `sample-data/generate.py` into a temporary folder.
pub(crate) fn generated(args: &[&str]) -> Generated {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (logs, truth) = (folder.path().join("logs"), folder.path().join("truth.json"));
    let output = Command::new("python3")
        .arg(sample_data().join("generate.py"))
        .args(args)
        .arg("--out")
        .arg(&logs)
        .arg("--truth")
        .arg(&truth)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Generated { truth: Truth::read(&truth), folder }
}

/// The sample data in a store that the tests share for reading.
pub(crate) fn sample_store() -> Arc<Sandbox> {
    static SHARED: Mutex<Weak<Sandbox>> = Mutex::new(Weak::new());
    // A test that failed while it held the lock left nothing half done.
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let sandbox = Arc::new(Sandbox::new());
        sandbox.ingest(&sample_data(), 0);
        *shared = Arc::downgrade(&sandbox);
        sandbox
    })
}

/// One invocation record as a line, with only what a test cares about changed.
pub(crate) struct Record {
    pub(crate) id: u32,
    pub(crate) time: String,
    pub(crate) model: String,
    pub(crate) identity: String,
    pub(crate) region: String,
    pub(crate) tags: Value,
    pub(crate) input_tokens: u64,
    pub(crate) prompt: String,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            id: 1,
            time: "2026-11-10T12:00:00Z".to_owned(),
            model: "anthropic.claude-3-haiku-20240307-v1:0".to_owned(),
            identity: "arn:aws:sts::111122223333:assumed-role/app/session".to_owned(),
            region: "us-east-1".to_owned(),
            tags: serde_json::json!({"team": "chat"}),
            input_tokens: 100,
            prompt: "hello".to_owned(),
        }
    }
}

impl Record {
    /// A record that differs from the others by its number.
    pub(crate) fn numbered(id: u32) -> Self {
        Self { id, ..Self::default() }
    }

    /// The record as Bedrock would log it.
    pub(crate) fn value(&self) -> Value {
        serde_json::json!({
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
            "timestamp": self.time,
            "accountId": "111122223333",
            "region": self.region,
            "requestId": format!("00000000-0000-4000-a000-{:012}", self.id),
            "operation": "Converse",
            "modelId": self.model,
            "identity": {"arn": self.identity},
            "requestMetadata": self.tags,
            "input": {
                "inputContentType": "application/json",
                "inputBodyJson": {"messages": [{"role": "user", "content": [{"text": self.prompt}]}]},
                "inputTokenCount": self.input_tokens,
            },
            "output": {
                "outputContentType": "application/json",
                "outputBodyJson": {
                    "output": {"message": {"role": "assistant", "content": [{"text": self.prompt}]}},
                    "stopReason": "end_turn",
                    "metrics": {"latencyMs": 700},
                    "usage": {"inputTokens": self.input_tokens, "outputTokens": 20},
                },
                "outputTokenCount": 20,
            },
        })
    }

    /// The record on a line of its own.
    pub(crate) fn line(&self) -> String {
        format!("{}\n", self.value())
    }
}

/// Several records, a line each.
pub(crate) fn lines(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter().map(|id| Record::numbered(id).line()).collect()
}

/// Bytes as a gzip member.
pub(crate) fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes.as_ref()).and_then(|()| packer.finish()).expect("gzip in memory")
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
