//! A Bedrock control plane on loopback that answers as it is told: HTTP/1.1, rest-json shapes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

/// What one request asked: method, path and query.
pub(crate) type Asked = String;

/// A stub; it answers until the test ends.
pub(crate) struct Stub {
    pub(crate) url: String,
    asked: Receiver<Asked>,
}

impl Stub {
    /// `answer` gets the request's method, path and query and the number of requests before it, and
    /// returns a status and a body; an error's name goes before the first newline of its body.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, asked) = channel();
        // A connection each: a client that keeps one may open another, and ask on either.
        let answering = Arc::new(Mutex::new((answer, 0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answering, sender) = (Arc::clone(&answering), sender.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    while let Some(line) = request(&mut reader) {
                        let (status, body) = {
                            let mut answering = answering.lock().expect("no answer failed");
                            let (answer, count) = &mut *answering;
                            *count += 1;
                            answer(&line, *count - 1)
                        };
                        // Noted first: who has the answer may ask at once what was asked.
                        if sender.send(line).is_err() {
                            return;
                        }
                        respond(reader.get_mut(), status, &body);
                    }
                });
            }
        });
        Self { url, asked }
    }

    /// Everything asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }
}

/// Method, path and query of a signed request; none when the connection ends.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let (mut length, mut signed) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        signed |= header.starts_with("authorization: aws4-hmac-sha256");
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    assert!(signed, "{first}");
    Some(first.trim_end().trim_end_matches(" HTTP/1.1").to_owned())
}

fn respond(stream: &mut TcpStream, status: u16, body: &str) {
    let (error, body) = if status == 200 {
        (String::new(), body)
    } else {
        let (name, body) = body.split_once('\n').expect("an error's name");
        (format!("x-amzn-errortype: {name}\r\n"), body)
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{error}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).expect("an answer");
}
