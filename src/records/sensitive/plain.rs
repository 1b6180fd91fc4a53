//! JSON text as the text that it stands for, as far as finding things in it needs.

/// Texts within texts (arguments of tools are JSON in JSON), so many times.
const DEPTH: usize = 3;

/// Puts the text of a body, escapes resolved, into `plain`. The JSON around strings stays: it parts
/// what stands in different ones.
pub(super) fn text_of(json: &str, plain: &mut String) {
    plain.clear();
    plain.push_str(json);
    for _ in 0..DEPTH {
        if !plain.contains('\\') {
            return;
        }
        *plain = unescaped(plain);
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        plain.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('n' | 'r' | 't' | 'b' | 'f') => plain.push('\n'),
            Some('u') => match code(after.as_str()) {
                Some(c) => {
                    plain.push(c);
                    after = after.as_str()[4..].chars();
                }
                None => plain.push(' '),
            },
            Some(other) => plain.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    plain.push_str(rest);
    plain
}

/// The character of four hex digits; halves of a pair are none.
fn code(text: &str) -> Option<char> {
    let digits = text.get(..4)?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}
