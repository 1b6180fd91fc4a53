//! Words of a command line, as a POSIX shell reads them whole.

/// The word, quoted where the shell would read more into it than letters.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_a_shell_would_change_is_quoted() {
        assert_eq!(word("model,region"), "model,region");
        assert_eq!(word("o'neil & co"), r"'o'\''neil & co'");
        assert_eq!(word(""), "''");
    }
}
