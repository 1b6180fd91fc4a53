//! Objects written to S3, and links to them that work for a while.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;

use super::Error;
use crate::aws::{self, Access, Call, Connection, Problem};

/// How objects are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upload {
    /// Credentials, Region, endpoint.
    pub access: Access,
    /// An endpoint for S3 alone, from the environment; only tells where buckets stand in a URL.
    pub s3_endpoint_url: Option<String>,
    /// How objects are encrypted; none leaves it to the bucket.
    pub encryption: Option<Encryption>,
}

/// Encryption of an object at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// With keys of S3 (SSE-S3).
    Aes256,
    /// With a key of KMS: its ARN, id or alias; none is the account's key for S3.
    Kms(Option<String>),
}

/// Writes objects.
#[derive(Debug)]
pub struct Bucket {
    access: Connection,
    path_style: bool,
    encryption: Option<Encryption>,
}

/// A place in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The key; ends with `/` or is empty where a name is to be added.
    pub key: String,
}

impl Place {
    /// Reads `s3://bucket/key`.
    ///
    /// # Errors
    /// [`Error::NotAnObject`] when it names no bucket.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rest = text.strip_prefix("s3://").or_else(|| text.strip_prefix("S3://"));
        let (bucket, key) =
            rest.map_or(("", ""), |rest| rest.split_once('/').unwrap_or((rest, "")));
        let is_name = |c: u8| c.is_ascii_alphanumeric() || b".-_".contains(&c);
        if !(3..=255).contains(&bucket.len()) || !bucket.bytes().all(is_name) {
            return Err(Error::NotAnObject { location: text.to_owned() });
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.trim_start_matches('/').to_owned() })
    }

    /// The place of a file of this name: below it when it is a folder, else itself.
    #[must_use]
    pub fn of_file(&self, name: &str) -> Self {
        let key = if self.is_folder() { format!("{}{name}", self.key) } else { self.key.clone() };
        Self { bucket: self.bucket.clone(), key }
    }

    /// Whether it stands for everything below it.
    pub fn is_folder(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl Bucket {
    /// Resolves how to reach S3; asks it nothing yet.
    ///
    /// # Errors
    /// [`Error::Connect`] when the access can't be set up.
    pub fn open(upload: &Upload) -> Result<Self, Error> {
        let access = Connection::open(&upload.access).map_err(Error::Connect)?;
        let endpoint = upload.access.endpoint_url.is_none().then_some(&upload.s3_endpoint_url);
        let path_style = access.path_style(endpoint.and_then(|url| url.as_deref()));
        Ok(Self { access, path_style, encryption: upload.encryption.clone() })
    }

    /// Writes an object whole; one of the key is replaced.
    ///
    /// # Errors
    /// [`Error::Object`] with what S3 says.
    pub fn put(&self, place: &Place, bytes: &[u8], content_type: &str) -> Result<(), Error> {
        match self.put_once(&self.access, place, bytes, content_type) {
            Err(failure) => match &failure.problem {
                Problem::WrongRegion(Some(region)) => {
                    let there = self.access.in_region(region);
                    self.put_once(&there, place, bytes, content_type)
                }
                _ => Err(failure),
            },
            done => done,
        }
        .map_err(|source| Error::Object { location: place.to_string(), source })
    }

    fn put_once(
        &self,
        access: &Connection,
        place: &Place,
        bytes: &[u8],
        content_type: &str,
    ) -> Result<(), aws::Error> {
        let mut request = client(access, self.path_style)
            .put_object()
            .bucket(&place.bucket)
            .key(&place.key)
            .content_type(content_type)
            .body(ByteStream::from(bytes.to_vec()));
        request = match &self.encryption {
            None => request,
            Some(Encryption::Aes256) => {
                request.server_side_encryption(ServerSideEncryption::Aes256)
            }
            Some(Encryption::Kms(key)) => request
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .set_ssekms_key_id(key.clone()),
        };
        let call = self.call("s3:PutObject", place);
        let sent = access.wait(request.send());
        sent.map(drop).map_err(|error| aws::Error::of(&error, &call))
    }

    /// A link that lets anybody who has it fetch the object, for as long as this and as long as the
    /// credentials that sign it live.
    ///
    /// # Errors
    /// [`Error::Object`] when there are no credentials, or the time is over seven days.
    pub fn link(&self, place: &Place, valid: Duration) -> Result<String, Error> {
        let failed = |source| Error::Object { location: place.to_string(), source };
        let call = self.call("s3:GetObject", place);
        let valid = PresigningConfig::expires_in(valid)
            .map_err(|why| failed(aws::Error::unreachable(why.to_string())))?;
        let request = client(&self.access, self.path_style)
            .get_object()
            .bucket(&place.bucket)
            .key(&place.key);
        let signed = self.access.wait(request.presigned(valid));
        let signed = signed.map_err(|error| failed(aws::Error::of(&error, &call)))?;
        Ok(signed.uri().to_owned())
    }

    fn call(&self, action: &str, place: &Place) -> Call {
        let partition = aws::partition(self.access.region().unwrap_or_default());
        Call::new(action, format!("arn:{partition}:s3:::{}/{}", place.bucket, place.key))
    }
}

fn client(access: &Connection, path_style: bool) -> Client {
    let config = aws_sdk_s3::config::Builder::from(access.config()).force_path_style(path_style);
    Client::from_conf(config.build())
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn folders_take_a_files_name_and_keys_do_not() {
        for (text, expected) in [
            ("s3://acme-reports", "s3://acme-reports/r.html"),
            ("s3://acme-reports/", "s3://acme-reports/r.html"),
            ("s3://acme-reports/weekly/", "s3://acme-reports/weekly/r.html"),
            ("s3://acme-reports/latest.html", "s3://acme-reports/latest.html"),
        ] {
            assert_eq!(
                Place::parse(text).expect("a place").of_file("r.html").to_string(),
                expected
            );
        }
    }

    #[test]
    fn what_names_no_bucket_is_no_place() {
        for text in ["s3://", "s3:///a", "s3://a b/x", "s3://ab/x", "reports/x"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }
}
