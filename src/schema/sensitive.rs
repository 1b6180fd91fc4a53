//! `sensitive`: what a scan of bodies (`ingest --scan-bodies`) found. Never the content.

use super::{Table, TimeMs, table};

table! {
    Table::Sensitive, partitioned by event_time;

    /// What was found of one kind in one body of a logged call; a call in which nothing was found has
    /// one row without a kind.
    pub struct Sensitive {
        /// `requestId` of the record.
        REQUEST_ID request_id: String,
        /// `timestamp` of the record, UTC.
        EVENT_TIME event_time: TimeMs,
        /// As in `invocations`.
        ACCOUNT_ID account_id: String,
        /// As in `invocations`.
        REGION region: String,
        /// As in `invocations`.
        PRINCIPAL principal: String,
        /// As in `invocations`.
        MODEL model: String,
        /// `input` or `output`; null where nothing was found.
        SIDE side: String,
        /// One of the kinds that docs/detections.md lists; null where nothing was found.
        KIND kind: String,
        /// Places in the body in which the kind was found; 0 where nothing was found.
        MATCHES matches: i64,
        /// Different values among them.
        VALUES distinct_values: i64,
        /// Keyed hashes of the values (32 hex digits each), sorted, comma-separated, at most 20: equal
        /// values can be told and never read. The key stays in the store.
        HASHES value_hashes: String,
        /// The log object the row came from, as in `invocations`.
        OBJECT object: String,
        /// The record's number in its object, as in `invocations`.
        RECORD record: i64,
    }
}

/// Values of [`KIND`].
pub mod kind {
    /// An AWS access key id (`AKIA…`, `ASIA…`).
    pub const AWS_ACCESS_KEY: &str = "aws_access_key";
    /// An AWS secret access key, by the name before it.
    pub const AWS_SECRET_KEY: &str = "aws_secret_key";
    /// The head of a private key in PEM form.
    pub const PRIVATE_KEY: &str = "private_key";
    /// A token of a known form: GitHub, GitLab, Slack, Stripe, Google, `OpenAI`, Anthropic, a Bedrock API
    /// key, a JSON Web Token.
    pub const TOKEN: &str = "token";
    /// A payment card number: issuer's prefix, length and Luhn digit.
    pub const CARD_NUMBER: &str = "card_number";
    /// An account number: country, length and check digits (ISO 13616).
    pub const IBAN: &str = "iban";
    /// A US social security number, written with dashes, of an area that is given out.
    pub const US_SSN: &str = "us_ssn";
    /// A German tax id, with its check digit.
    pub const DE_TAX_ID: &str = "de_tax_id";
    /// A Spanish DNI or NIE, with its check letter.
    pub const ES_DNI: &str = "es_dni";
    /// A French NIR (social security number), with its key.
    pub const FR_NIR: &str = "fr_nir";
    /// An Italian codice fiscale, with its check letter.
    pub const IT_CODICE_FISCALE: &str = "it_codice_fiscale";
    /// A Polish PESEL, with its date and check digit.
    pub const PL_PESEL: &str = "pl_pesel";
    /// An e-mail address.
    pub const EMAIL: &str = "email";
    /// All of them.
    pub const ALL: [&str; 13] = [
        AWS_ACCESS_KEY,
        AWS_SECRET_KEY,
        PRIVATE_KEY,
        TOKEN,
        CARD_NUMBER,
        IBAN,
        US_SSN,
        DE_TAX_ID,
        ES_DNI,
        FR_NIR,
        IT_CODICE_FISCALE,
        PL_PESEL,
        EMAIL,
    ];
}

/// Values of [`SIDE`].
pub mod side {
    /// The request body.
    pub const INPUT: &str = "input";
    /// The response body.
    pub const OUTPUT: &str = "output";
}

/// Requests whose bodies were scanned, in counts over the table.
pub const SCANNED: &str = "scanned";
