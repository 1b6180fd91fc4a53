//! A bucket of one's own on a server that tests share, and the tool reading from it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::standins::Server;
use crate::support::{Outcome, Sandbox};

/// The server that tests share; it ends with the last of them that runs.
pub(super) fn server() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::moto());
        *shared = Arc::downgrade(&server);
        server
    })
}

/// A bucket with a sandbox to read it from.
pub(super) struct Bucket {
    pub(super) server: Arc<Server>,
    pub(super) sandbox: Sandbox,
    pub(super) name: String,
}

impl Bucket {
    /// An empty bucket on the shared server.
    pub(super) fn new() -> Self {
        Self::on(server())
    }

    pub(super) fn on(server: Arc<Server>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("acme-logs-{:03}", NEXT.fetch_add(1, Ordering::Relaxed));
        let bucket = Self { server, sandbox: Sandbox::new(), name };
        bucket.put_all(&[]);
        bucket
    }

    /// A bucket that holds a folder's files below a prefix.
    pub(super) fn of_folder(folder: &Path, prefix: &str) -> Self {
        let bucket = Self::new();
        bucket.server.ask(&json!({
            "do": "put_folder", "bucket": bucket.name, "prefix": prefix, "folder": folder,
        }));
        bucket
    }

    /// The same bucket, and a store that knows nothing of it.
    pub(super) fn for_another_user(&self) -> Self {
        let (server, name) = (Arc::clone(&self.server), self.name.clone());
        Self { server, name, sandbox: Sandbox::new() }
    }

    pub(super) fn put(&self, key: &str, content: impl AsRef<[u8]>) {
        self.put_all(&[json!({"key": key, "base64": STANDARD.encode(content)})]);
    }

    pub(super) fn put_all(&self, objects: &[Value]) {
        self.server.ask(&json!({"do": "put", "bucket": self.name, "objects": objects}));
    }

    pub(super) fn url(&self, prefix: &str) -> String {
        format!("s3://{}/{prefix}", self.name)
    }

    /// The tool, reaching this server as any user.
    pub(super) fn lens<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.sandbox.lens(args);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.server.url().as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// Runs the tool.
    pub(super) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.sandbox.outcome(&mut self.lens(args))
    }

    /// Ingests from a prefix with these options, and returns the summary.
    #[track_caller]
    pub(super) fn ingest(&self, prefix: &str, options: &[&str], code: i32) -> Value {
        let url = self.url(prefix);
        let args = ["ingest", &url, "--json"].into_iter().chain(options.iter().copied());
        self.run(args).exits(code).json()
    }

    /// This bucket's requests since last asked: prefixes listed, keys fetched.
    pub(super) fn requests(&self) -> Seen {
        Seen::of(&self.asked(), &self.name)
    }

    /// The same, as the server wrote them down.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.server.requests(&self.name)
    }
}

/// What a server was asked for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) listed: Vec<String>,
    pub(super) fetched: Vec<String>,
}

impl Seen {
    fn of(requests: &[Value], bucket: &str) -> Self {
        let mut seen = Self::default();
        for request in requests {
            let path = request["path"].as_str().expect("a path");
            let Some(rest) = path.strip_prefix(&format!("/{bucket}")) else { continue };
            if request["query"].get("list-type").is_some() {
                let prefix = request["query"]["prefix"].as_str().unwrap_or_default();
                seen.listed.push(prefix.to_owned());
            } else {
                seen.fetched.push(rest.trim_start_matches('/').to_owned());
            }
        }
        seen.listed.sort();
        seen.fetched.sort();
        seen
    }
}

/// The key of an invocation log as Bedrock names it: `day` is `2026/11/10`.
pub(super) fn invocation_key(
    account: &str,
    region: &str,
    day: &str,
    hour: u32,
    number: u64,
) -> String {
    let compact = day.replace('/', "");
    format!(
        "AWSLogs/{account}/BedrockModelInvocationLogs/{region}/{day}/{hour:02}/\
         {compact}T{hour:02}0000000Z_{number:016x}.json.gz"
    )
}
