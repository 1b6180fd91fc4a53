//! An account on a server of one's own, and the tool reaching it.

use std::ffi::OsStr;
use std::process::Command;

use serde_json::{Value, json};

use crate::standins::Server;
use crate::support::{Outcome, Sandbox};

/// An account on a server of its own, with a sandbox to reach it from.
pub(super) struct Account {
    pub(super) server: Server,
    pub(super) sandbox: Sandbox,
}

impl Account {
    pub(super) fn new() -> Self {
        Self { server: Server::moto(), sandbox: Sandbox::new() }
    }

    /// The tool, reaching this server as any user.
    pub(super) fn lens<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.reaching(&self.server.url(), args)
    }

    /// The tool, reaching another endpoint.
    pub(super) fn reaching<A: AsRef<OsStr>>(
        &self,
        url: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = self.sandbox.lens(args);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_MAX_ATTEMPTS", "1"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// Runs the tool.
    pub(super) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        self.sandbox.outcome(&mut self.lens(args))
    }

    /// Calls AWS as the SDK for Python does: `client(service).operation(**arguments)`.
    #[track_caller]
    pub(super) fn aws(&self, service: &str, operation: &str, arguments: impl Into<Value>) -> Value {
        let arguments: Value = arguments.into();
        self.server.ask(
            &json!({"do": "aws", "service": service, "operation": operation, "with": arguments}),
        )["answer"]
            .take()
    }
}
