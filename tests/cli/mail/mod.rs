//! Reports by mail: sent once to each address, by SMTP and by SES, and what is said when they are not.

mod ses;
mod smtp;

use serde_json::Value;

use crate::standins::Server;
use crate::support::{Sandbox, lines};

/// A store with a few requests of the last complete week.
fn with_logs() -> Sandbox {
    let sandbox = Sandbox::new();
    let logs = sandbox.write("logs/a.json", lines(1..=30));
    sandbox.ingest(&logs, 0);
    sandbox
}

/// The configuration: `[mail]` with more keys, and one list of these addresses.
fn configured(sandbox: &Sandbox, mail: &str, addresses: &[&str]) {
    let to: Vec<String> = addresses.iter().map(|name| format!("\"{name}@example.com\"")).collect();
    let text = format!(
        "[mail]\nfrom = \"Reports <reports@example.com>\"\n{mail}\n\n\
         [[recipients]]\nname = \"weekly-business\"\nreports = [\"weekly\"]\nto = [{}]\n",
        to.join(", ")
    );
    sandbox.write("work/bedrock-lens.toml", text);
}

fn mails(server: &Server) -> Vec<Value> {
    match server.ask(&serde_json::json!({"do": "mails"}))["mails"].take() {
        Value::Array(mails) => mails,
        other => panic!("no mails: {other}"),
    }
}

/// A message as a mail program reads it: headers and, for each part, its type, name, id, encoding and
/// size, and the words of the page and the text.
fn read(sandbox: &Sandbox, message: &str) -> Value {
    const PROGRAM: &str = r#"
import email, email.policy, json, sys
message = email.message_from_file(open(sys.argv[1], newline=""), policy=email.policy.default)
parts = [{"type": p.get_content_type(), "name": p.get_filename(), "id": p["content-id"],
          "encoding": p["content-transfer-encoding"], "size": len(p.get_payload(decode=True) or b"")}
         for p in message.walk()]
words = {p.get_content_type(): p.get_content() for p in message.walk()
         if p.get_content_maintype() == "text" and not p.get_filename()}
defects = [str(d) for p in message.walk() for d in p.defects]
print(json.dumps({"headers": {k.lower(): str(v) for k, v in message.items()}, "parts": parts,
                  "words": words, "defects": defects}))
"#;
    let path = sandbox.write("message.eml", message);
    serde_json::from_str(&sandbox.python(PROGRAM, [path])).expect("JSON")
}
