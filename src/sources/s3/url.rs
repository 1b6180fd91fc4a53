//! `s3://bucket/prefix`.

use std::fmt;

const SCHEME: &str = "s3://";

/// Whether the text is meant to be a place in S3.
pub fn is_s3_url(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

/// A bucket and what keys begin with; an empty prefix is the whole bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct S3Url {
    pub(super) bucket: String,
    pub(super) prefix: String,
}

impl S3Url {
    /// `None` when the text names no bucket.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.get(SCHEME.len()..).filter(|_| is_s3_url(text))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_start_matches('/');
        is_bucket_name(bucket)
            .then(|| Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.bucket, self.prefix)
    }
}

/// Old buckets of us-east-1 may have capitals, underscores and long names.
fn is_bucket_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::S3Url;

    #[test]
    fn bucket_and_prefix_are_told_apart() {
        for (text, bucket, prefix) in [
            ("s3://acme-logs", "acme-logs", ""),
            ("s3://acme-logs/", "acme-logs", ""),
            ("S3://acme-logs/AWSLogs/", "acme-logs", "AWSLogs/"),
            ("s3://acme-logs//a/b.json.gz", "acme-logs", "a/b.json.gz"),
        ] {
            let url = S3Url::parse(text).expect("a URL");
            assert_eq!((url.bucket.as_str(), url.prefix.as_str()), (bucket, prefix), "{text}");
        }
    }

    #[test]
    fn what_names_no_bucket_is_no_url() {
        for text in
            ["s3://", "s3:///prefix", "s3://a b/x", "s3://ab", "/acme-logs", "s3:/acme-logs"]
        {
            assert_eq!(S3Url::parse(text), None, "{text}");
        }
    }
}
