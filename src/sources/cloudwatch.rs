//! What CloudWatch counted of Bedrock, by the hour: `cloudwatch:REGION`.
//!
//! A UTC day of an account and Region stands for an object ([`windows`](super::windows)). Reading one
//! asks which models there are (`ListMetrics`) and what was counted of each (`GetMetricData`), and
//! writes an hour and model on a line. CloudWatch keeps hours for 455 days, and lists metrics that got
//! data within two weeks.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime as AwsTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, StatusCode};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::error::Cause;
use super::windows::{Cut, Window};
use super::{Error, Fetched, Listing, ObjectEntry, Source, Version, Wanted};
use crate::aws::{self, Access, Backoff, Call, Connection};
use crate::period::Period;
use crate::schema::service_metric::{SCHEMA_TYPE, STATISTICS};

/// Bedrock's namespace, and the dimension that its metrics have.
const NAMESPACE: &str = "AWS/Bedrock";
const MODEL_ID: &str = "ModelId";
/// Queries in one request at most.
const MOST_QUERIES: usize = 500;
/// An hour, seconds.
const HOUR: i32 = 3600;
/// What is asked for at a time.
const DAY: Duration = Duration::days(1);
/// How long after its end a day's last hours may still grow.
const SETTLES_AFTER: Duration = Duration::hours(2);
/// How far back metrics are listed, and so what is read without a range.
const LISTED: Duration = Duration::days(14);
/// How far back hours are kept.
const KEPT: Duration = Duration::days(455);
/// Attempts at one request.
const ATTEMPTS: u32 = 8;

/// How the user names it.
const SCHEME: &str = "cloudwatch:";

/// Whether a source is named as CloudWatch's metrics.
pub fn is_cloudwatch_url(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// Bedrock's metrics of an account in a Region.
#[derive(Debug)]
pub struct ServiceMetrics {
    name: String,
    region: String,
    access: Connection,
    client: Client,
    range: Option<Period>,
    cut: Cut,
}

impl ServiceMetrics {
    /// Resolves how to reach CloudWatch; asks it nothing yet. `range` narrows what is listed.
    ///
    /// # Errors
    /// When the text names no Region, or access can't be set up.
    pub fn open(
        text: &str,
        access: &Access,
        range: Option<Period>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let region = text.strip_prefix(SCHEME).filter(|region| is_region(region));
        let region = region.ok_or_else(|| Error::NotARegion { location: text.to_owned() })?;
        let access = Connection::open(access)
            .map_err(|source| Error::Connect { location: text.to_owned(), source })?
            .in_region(region);
        // Retries are `Backoff`'s.
        let retries = aws_sdk_cloudwatch::config::retry::RetryConfig::disabled();
        let config = aws_sdk_cloudwatch::config::Builder::from(access.config());
        let client = Client::from_conf(config.retry_config(retries).build());
        let remembers = if range.is_some() { KEPT } else { LISTED };
        let cut = Cut { length: DAY, settles_after: SETTLES_AFTER, now, remembers };
        let (name, region) = (text.to_owned(), region.to_owned());
        Ok(Self { name, region, access, client, range, cut })
    }

    /// The account that the credentials belong to.
    fn account(&self) -> Result<String, Error> {
        let client = aws_sdk_sts::Client::new(self.access.config());
        let call = Call::new("sts:GetCallerIdentity", "*");
        let answer = self.access.wait(client.get_caller_identity().send());
        let found = answer.map_err(|error| aws::Error::of(&error, &call));
        let found = found.map_err(|source| Error::List {
            location: self.name.clone(),
            source: Cause::Aws(source),
        })?;
        Ok(found.account().unwrap_or_default().to_owned())
    }

    fn key(&self, account: &str, window: &Window) -> String {
        let day = (window.end - DAY).format("%Y/%m/%d");
        format!("AWSLogs/{account}/{SCHEMA_TYPE}/{}/{day}/hourly.json", self.region)
    }

    /// The models that CloudWatch lists metrics of.
    async fn models(&self) -> Result<BTreeSet<String>, aws::Error> {
        let call = Call::new("cloudwatch:ListMetrics", "*");
        let mut models = BTreeSet::new();
        let mut token = None;
        loop {
            let request =
                self.client.list_metrics().namespace(NAMESPACE).set_next_token(token.take());
            let mut backoff = Backoff::new(ATTEMPTS.max(self.access.attempts()));
            let page = loop {
                match request.clone().send().await {
                    Ok(page) => break page,
                    Err(error) => backoff.after(aws::Error::of(&error, &call)).await?,
                }
            };
            models.extend(page.metrics().iter().filter_map(model_of));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(models);
            }
        }
    }

    /// The figures of a period, as lines.
    async fn hours(&self, account: &str, period: Period) -> Result<Vec<u8>, aws::Error> {
        let models: Vec<String> = self.models().await?.into_iter().collect();
        let mut hours = Hours::new();
        for some in models.chunks(MOST_QUERIES / STATISTICS.len()) {
            let queries: Vec<MetricDataQuery> =
                some.iter().enumerate().flat_map(|(at, model)| queries(at, model)).collect();
            let mut token = None;
            loop {
                let page = self.page(&queries, period, token.take()).await?;
                take(&page, some, &mut hours)?;
                token = page.next_token().map(str::to_owned);
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(self.lines(account, &hours))
    }

    async fn page(
        &self,
        queries: &[MetricDataQuery],
        period: Period,
        token: Option<String>,
    ) -> Result<GetMetricDataOutput, aws::Error> {
        let call = Call::new("cloudwatch:GetMetricData", "*");
        let request = self
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.to_vec()))
            .start_time(AwsTime::from_secs(period.from.timestamp()))
            .end_time(AwsTime::from_secs(period.to.timestamp()))
            .set_next_token(token);
        let mut backoff = Backoff::new(ATTEMPTS.max(self.access.attempts()));
        loop {
            match request.clone().send().await {
                Ok(page) => return Ok(page),
                Err(error) => backoff.after(aws::Error::of(&error, &call)).await?,
            }
        }
    }

    fn lines(&self, account: &str, hours: &Hours) -> Vec<u8> {
        let mut lines = Vec::new();
        for ((hour, model), figures) in hours {
            let Some(hour) = DateTime::from_timestamp(*hour, 0) else { continue };
            // `schemaType` comes first: by it the lines are told from logs.
            let rest = json!({
                "hour": hour.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
                "accountId": account, "region": self.region, "modelId": model, "figures": figures,
            })
            .to_string();
            let line = format!("{{\"schemaType\":\"{SCHEMA_TYPE}\",{}\n", &rest[1..]);
            lines.extend_from_slice(line.as_bytes());
        }
        lines
    }
}

/// Figures by column, of each hour (seconds) and model.
type Hours = BTreeMap<(i64, String), BTreeMap<&'static str, f64>>;

/// The model of a metric that has no other dimension.
fn model_of(metric: &Metric) -> Option<String> {
    match metric.dimensions() {
        [only] if only.name() == Some(MODEL_ID) => only.value().map(str::to_owned),
        _ => None,
    }
}

/// What is asked about a model; the id of a query tells the model's and the statistic's number.
fn queries(model_number: usize, model: &str) -> impl Iterator<Item = MetricDataQuery> {
    let dimension = Dimension::builder().name(MODEL_ID).value(model).build();
    STATISTICS.into_iter().enumerate().map(move |(number, statistic)| {
        let metric = Metric::builder()
            .namespace(NAMESPACE)
            .metric_name(statistic.metric)
            .dimensions(dimension.clone())
            .build();
        let stat = MetricStat::builder().metric(metric).period(HOUR).stat(statistic.stat).build();
        MetricDataQuery::builder().id(format!("m{model_number}_{number}")).metric_stat(stat).build()
    })
}

/// Adds a page of answers.
fn take(
    page: &GetMetricDataOutput,
    models: &[String],
    hours: &mut Hours,
) -> Result<(), aws::Error> {
    for result in page.metric_data_results() {
        if let Some(StatusCode::Forbidden | StatusCode::InternalError) = result.status_code() {
            let said = result.messages().iter().filter_map(|one| one.value());
            let said = said.collect::<Vec<_>>().join("; ");
            return Err(aws::Error::unreachable(format!("CloudWatch gave no answer: {said}")));
        }
        let id = result.id().and_then(|id| id.strip_prefix('m')?.split_once('_'));
        let numbers = id.and_then(|(model, number)| {
            Some((model.parse::<usize>().ok()?, number.parse::<usize>().ok()?))
        });
        let Some((model, statistic)) =
            numbers.and_then(|(model, number)| Some((models.get(model)?, STATISTICS.get(number)?)))
        else {
            continue;
        };
        for (at, value) in result.timestamps().iter().zip(result.values()) {
            let figures = hours.entry((at.secs(), model.clone())).or_default();
            figures.insert(statistic.column, *value);
        }
    }
    Ok(())
}

fn is_region(text: &str) -> bool {
    let is_one = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.contains('-') && text.bytes().all(is_one)
}

impl Source for ServiceMetrics {
    fn name(&self) -> String {
        self.name.clone()
    }

    /// Days of the range, whatever folders are wanted: asking for them costs nothing.
    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        let account = self.account()?;
        let objects = self
            .cut
            .windows(self.range)
            .into_iter()
            .map(|window| self.cut.entry(&window, &self.name, self.key(&account, &window)));
        let is_selective = self.range.is_some();
        Ok(Listing { objects: objects.collect(), is_selective, ..Listing::default() })
    }

    fn fetch(&self, object: &ObjectEntry, _most: u64) -> Result<Fetched, Error> {
        let unread =
            |source| Error::Read { location: object.location.clone(), source: Cause::Aws(source) };
        let account = object.key.split('/').nth(1).unwrap_or_default();
        let mut windows = self.cut.windows(self.range).into_iter();
        let window = windows.find(|window| self.key(account, window) == object.key);
        let window = window.ok_or_else(|| {
            unread(aws::Error::unreachable("no day of CloudWatch's metrics has this name"))
        })?;
        let bytes = self.access.wait(self.hours(account, window.period)).map_err(unread)?;
        let version = Version {
            fingerprint: object.fingerprint.clone(),
            size_bytes: bytes.len() as u64,
            modified: object.modified,
        };
        Ok(Fetched { bytes, changed: Some(version) })
    }

    fn is_far(&self) -> bool {
        true
    }

    fn is_billed(&self) -> bool {
        false
    }
}
