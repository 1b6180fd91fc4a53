//! The least that IAM must allow for a bucket to be read: what `list` and `fetch` ask for, no more.

use serde_json::{Value, json};

use super::url::S3Url;
use crate::aws;
use crate::sources::Error;

/// The policy of the identity that reads the bucket below the prefix.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>.
/// A bucket encrypted with a key of KMS also takes `kms:Decrypt` on that key, which the URL doesn't tell.
///
/// # Errors
/// [`Error::NotAUrl`] when the text names no bucket.
pub fn reading_policy(url: &str, region: Option<&str>) -> Result<Value, Error> {
    let place = S3Url::parse(url).ok_or_else(|| Error::NotAUrl { location: url.to_owned() })?;
    let partition = aws::partition(region.unwrap_or_default());
    let bucket = format!("arn:{partition}:s3:::{}", place.bucket);
    let mut list = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket});
    let folder = place.prefix.trim_end_matches('/');
    let below = if folder.is_empty() { "*".to_owned() } else { format!("{folder}/*") };
    if !folder.is_empty() {
        list["Condition"] = json!({"StringLike": {"s3:prefix": [folder, below]}});
    }
    let get = json!({
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("{bucket}/{below}"),
    });
    Ok(json!({"Version": "2012-10-17", "Statement": [list, get]}))
}

/// The policy of who assumes a role.
pub fn assuming_policy(role_arn: &str) -> Value {
    let assume = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role_arn});
    json!({"Version": "2012-10-17", "Statement": [assume]})
}

#[cfg(test)]
mod tests {
    use super::reading_policy;

    #[test]
    fn the_policy_is_for_the_prefix_and_the_partition() {
        let policy =
            reading_policy("s3://acme-logs/a/b/", Some("us-gov-west-1")).expect("a policy");
        let statements = &policy["Statement"];
        assert_eq!(statements[0]["Resource"], "arn:aws-us-gov:s3:::acme-logs");
        assert_eq!(statements[0]["Condition"]["StringLike"]["s3:prefix"][1], "a/b/*");
        assert_eq!(statements[1]["Resource"], "arn:aws-us-gov:s3:::acme-logs/a/b/*");
        let whole = reading_policy("s3://acme-logs", None).expect("a policy");
        assert!(whole["Statement"][0].get("Condition").is_none());
        assert_eq!(whole["Statement"][1]["Resource"], "arn:aws:s3:::acme-logs/*");
    }
}
