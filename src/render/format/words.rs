//! Strangers' text made safe to show: no control or bidirectional characters, capped length.

/// Longest identifier shown; the full value is in the CSV and JSON.
pub const LONGEST_ID: usize = 120;

/// Text without characters that move, hide or reorder its neighbours; whitespace is one space.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).map(|c| if is_break(c) { ' ' } else { c }).collect()
}

/// Text for a page: cleaned, and words capped that no page has room for. Commands have words of
/// their own length, so the cap is wider than that of identifiers.
pub fn legible(text: &str) -> String {
    let text = clean(text);
    if text.len() <= LONGEST_WORD {
        return text;
    }
    text.split(' ').map(|word| cap(word, LONGEST_WORD)).collect::<Vec<_>>().join(" ")
}

/// Longest word in the text of a page.
const LONGEST_WORD: usize = 160;

/// An identifier or code from a log: cleaned and capped.
pub fn identifier(text: &str) -> String {
    cap(&clean(text), LONGEST_ID)
}

/// The first `longest` characters; a cut is shown by `…`.
pub fn cap(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Both ends of a long text with `mark` between them, `longest` characters in all.
pub fn cut_middle(text: &str, longest: usize, mark: &str) -> String {
    let length = text.chars().count();
    let room = longest.saturating_sub(mark.chars().count());
    if length <= longest || room == 0 {
        return text.to_owned();
    }
    let tail = room / 2;
    let head: String = text.chars().take(room - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{head}{mark}{end}")
}

/// The nearest ASCII text; what has none becomes `?`.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii() => out.push(c),
            '−' | '–' | '—' | '‐' | '‑' => out.push('-'),
            '\u{a0}' | '\u{202f}' => out.push(' '),
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            '…' => out.push_str("..."),
            '·' => out.push('|'),
            '×' => out.push('x'),
            '÷' => out.push('/'),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '→' => out.push_str("->"),
            '▲' => out.push('^'),
            '▼' => out.push('v'),
            'µ' => out.push('u'),
            _ => out.push('?'),
        }
    }
    out
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}')
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && !is_break(c))
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{ad}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{ascii, clean, cut_middle, identifier};

    #[test]
    fn control_and_bidi_characters_are_dropped() {
        assert_eq!(clean("a\u{202e}b\u{0}c\u{1b}[31m\td\u{200b}"), "abc[31m d");
    }

    #[test]
    fn identifiers_are_capped_at_120_characters() {
        let long = identifier(&"é".repeat(500));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with('…'));
        assert_eq!(identifier(&"x".repeat(120)).len(), 120);
    }

    #[test]
    fn long_cells_keep_both_ends() {
        assert_eq!(cut_middle("arn:aws:iam::1/role/very-long-name", 15, "…"), "arn:aws…ng-name");
        assert_eq!(cut_middle("short", 15, "…"), "short");
        assert_eq!(cut_middle("anything", 1, "..."), "anything");
    }

    #[test]
    fn ascii_never_holds_another_character() {
        assert!(ascii("−–—“”…·é漢\u{a0}").is_ascii());
    }
}
