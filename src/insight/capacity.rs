//! How load stands against quotas per minute: peaks, headroom, throttling and who used the quota.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, PolarsResult};
use serde::Serialize;

use crate::metrics::small_frame::{integers, texts};
use crate::schema::capacity::{
    KINDS, MINUTE, MINUTES, PerMinute, QUOTA_TOKENS, REQUESTS, RPM, RPM_PEAK_SERVED, THROTTLED,
    THROTTLED_MINUTES, TOKEN_MINUTES, TOKENS_UNKNOWN, TPM, TokenKind,
};
use crate::schema::invocation::{ACCOUNT_ID, MODEL, PRINCIPAL, REGION, ROUTING};
use crate::schema::quota::Quota;

/// The calls that share a quota; null where the log doesn't say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pool {
    /// Account that made the calls.
    pub account: Option<String>,
    /// Region that received them.
    pub region: Option<String>,
    /// Base model id.
    pub model: Option<String>,
    /// `in_region`, a geography or `global`.
    pub routing: Option<String>,
}

/// The load of a pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// The calls.
    #[serde(flatten)]
    pub pool: Pool,
    /// Logged calls, failed and throttled ones included.
    pub requests: i64,
    /// Calls refused for rate or quota.
    pub throttled: i64,
    /// Calls that were not throttled and have no token count: they are missing from TPM.
    pub tokens_unknown_requests: i64,
    /// Clock minutes with requests.
    pub minutes: i64,
    /// Clock minutes with known tokens.
    pub token_minutes: i64,
    /// Quota tokens of an output token in TPM: 1 unless a quota in the configuration says more.
    pub output_burndown: u32,
    /// Requests per minute.
    pub rpm: Distribution,
    /// Most requests of a minute that were not throttled.
    pub peak_served_rpm: Option<i64>,
    /// Tokens per minute as they count against a quota.
    pub tpm: Distribution,
    /// Tokens of a request.
    pub per_request: PerRequest,
    /// The quota in the configuration, and how the load stands against it.
    pub quota: Option<QuotaUse>,
    /// What happened while calls were throttled; null when none was.
    pub throttling: Option<Throttling>,
}

/// A series over the minutes in which it is known; null when there are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// Highest.
    pub peak: Option<i64>,
    /// The first minute with the highest.
    pub peak_at: Option<DateTime<Utc>>,
    /// Nearest-rank 95th percentile.
    pub p95: Option<i64>,
    /// Nearest-rank median: the steady state.
    pub median: Option<i64>,
    /// Mean.
    pub mean: Option<f64>,
}

/// Mean tokens of the requests that have a count; null when none has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerRequest {
    /// Input outside the cache.
    pub input_tokens: Option<f64>,
    /// Output.
    pub output_tokens: Option<f64>,
    /// Read from the cache; no part of TPM.
    pub cache_read_tokens: Option<f64>,
    /// Written to the cache.
    pub cache_write_tokens: Option<f64>,
}

/// A quota and the load against it. Shares above 1 and negative headroom mean more than the quota.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaUse {
    /// Requests per minute granted.
    pub rpm: Option<u64>,
    /// Tokens per minute granted.
    pub tpm: Option<u64>,
    /// Requests per minute left at the peak.
    pub rpm_headroom: Option<i64>,
    /// Peak ÷ quota.
    pub rpm_peak_share: Option<f64>,
    /// 95th percentile ÷ quota.
    pub rpm_p95_share: Option<f64>,
    /// Tokens per minute left at the peak.
    pub tpm_headroom: Option<i64>,
    /// Peak ÷ quota.
    pub tpm_peak_share: Option<f64>,
    /// 95th percentile ÷ quota.
    pub tpm_p95_share: Option<f64>,
}

/// The minutes in which calls were throttled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Throttling {
    /// How many.
    pub minutes: i64,
    /// Lowest and highest requests per minute of them.
    pub rpm: [Option<i64>; 2],
    /// Lowest and highest tokens per minute of them.
    pub tpm: [Option<i64>; 2],
    /// Those with most throttled calls.
    pub worst: Vec<Minute>,
    /// Who sent requests in them, those who were served most first.
    pub principals: Vec<Consumer>,
    /// Everybody else together.
    pub other_principals: Option<Others>,
}

/// A minute in which calls were throttled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Minute {
    /// Its start.
    pub minute: Option<DateTime<Utc>>,
    /// Logged calls.
    pub requests: i64,
    /// Throttled calls.
    pub throttled: i64,
    /// Tokens of the others; null when no count is known.
    pub tokens: Option<i64>,
}

/// A principal's part of a quota.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Consumer {
    /// Who; null where the log doesn't say.
    pub principal: Option<String>,
    /// The part.
    #[serde(flatten)]
    pub part: Part,
}

/// Everybody beyond the principals that are named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Others {
    /// How many principals.
    pub principals: usize,
    /// Their part.
    #[serde(flatten)]
    pub part: Part,
}

/// Requests and tokens in the minutes of throttling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Part {
    /// Logged calls.
    pub requests: i64,
    /// Of these, throttled.
    pub throttled: i64,
    /// Tokens that count against the quota; null when no count is known.
    pub tokens: Option<i64>,
    /// Of all requests.
    pub request_share: Option<f64>,
    /// Of the requests that were not throttled.
    pub served_share: Option<f64>,
    /// Of all known tokens.
    pub token_share: Option<f64>,
}

/// What Polars has summed.
#[derive(Debug, Clone, Copy)]
pub struct Frames<'f> {
    /// Per pool.
    pub pools: &'f DataFrame,
    /// Minutes with throttled calls, those with most first.
    pub throttled: &'f DataFrame,
    /// Per pool and principal in these minutes, those served most first.
    pub consumers: &'f DataFrame,
}

/// The loads of all pools, in their order. `most` is how many minutes and principals to name of each.
///
/// # Errors
/// When a frame is not of the shape that `metrics::capacity` gives it.
pub fn loads(frames: Frames<'_>, quotas: &[Quota], most: usize) -> PolarsResult<Vec<Load>> {
    let mut worst = by_pool(frames.throttled, minutes(frames.throttled)?)?;
    let mut consumers = by_pool(frames.consumers, consumers(frames.consumers)?)?;
    let pools = pools(frames.pools)?;
    let columns = Columns::read(frames.pools)?;
    let loads = pools.into_iter().enumerate().map(|(row, pool)| {
        let worst = worst.remove(&pool).unwrap_or_default();
        let consumers = consumers.remove(&pool).unwrap_or_default();
        columns.load(row, pool, quotas, |minutes, rpm, tpm| Throttling {
            minutes,
            rpm,
            tpm,
            worst: worst.into_iter().take(most).collect(),
            other_principals: others(&consumers, most),
            principals: shares(consumers, most),
        })
    });
    Ok(loads.collect())
}

/// Quotas of the configuration that no pool falls under.
pub fn without_requests(quotas: &[Quota], loads: &[Load]) -> Vec<Quota> {
    let used: BTreeSet<usize> = loads
        .iter()
        .filter_map(|load| {
            let quota = quota_of(quotas, &load.pool)?;
            quotas.iter().position(|other| other == quota)
        })
        .collect();
    let unused = quotas.iter().enumerate().filter(|(number, _)| !used.contains(number));
    unused.map(|(_, quota)| quota.clone()).collect()
}

fn quota_of<'q>(quotas: &'q [Quota], pool: &Pool) -> Option<&'q Quota> {
    Quota::of(
        quotas,
        pool.account.as_deref(),
        pool.region.as_deref(),
        pool.model.as_deref(),
        pool.routing.as_deref(),
    )
}

/// The columns of the frame of pools.
struct Columns {
    counts: BTreeMap<&'static str, Vec<Option<i64>>>,
}

impl Columns {
    fn read(df: &DataFrame) -> PolarsResult<Self> {
        let counts = [
            REQUESTS,
            THROTTLED,
            TOKENS_UNKNOWN,
            MINUTES,
            TOKEN_MINUTES,
            THROTTLED_MINUTES,
            QUOTA_TOKENS,
            RPM_PEAK_SERVED,
        ];
        let series = [RPM, TPM].into_iter().flat_map(|of| {
            [of.peak, of.peak_at, of.median, of.p95, of.throttled_low, of.throttled_high]
        });
        let kinds = KINDS.into_iter().flat_map(|kind| [kind.sum, kind.known]);
        let names = counts.into_iter().chain(series).chain(kinds);
        let counts = names.map(|name| Ok((name, integers(df, name)?)));
        Ok(Self { counts: counts.collect::<PolarsResult<_>>()? })
    }

    fn at(&self, name: &str, row: usize) -> Option<i64> {
        *self.counts.get(name)?.get(row)?
    }

    fn count(&self, name: &str, row: usize) -> i64 {
        self.at(name, row).unwrap_or_default()
    }

    fn load(
        &self,
        row: usize,
        pool: Pool,
        quotas: &[Quota],
        throttling: impl FnOnce(i64, [Option<i64>; 2], [Option<i64>; 2]) -> Throttling,
    ) -> Load {
        let quota = quota_of(quotas, &pool);
        let rpm = self.distribution(RPM, MINUTES, row);
        let tpm = self.distribution(TPM, TOKEN_MINUTES, row);
        let ends =
            |of: PerMinute| [of.throttled_low, of.throttled_high].map(|end| self.at(end, row));
        let throttled_minutes = self.count(THROTTLED_MINUTES, row);
        Load {
            pool,
            requests: self.count(REQUESTS, row),
            throttled: self.count(THROTTLED, row),
            tokens_unknown_requests: self.count(TOKENS_UNKNOWN, row),
            minutes: self.count(MINUTES, row),
            token_minutes: self.count(TOKEN_MINUTES, row),
            output_burndown: quota.map_or(1, |quota| quota.output_burndown),
            peak_served_rpm: self.at(RPM_PEAK_SERVED, row),
            per_request: self.per_request(row),
            quota: quota.map(|quota| quota_use(quota, &rpm, &tpm)),
            throttling: (throttled_minutes > 0)
                .then(|| throttling(throttled_minutes, ends(RPM), ends(TPM))),
            rpm,
            tpm,
        }
    }

    fn distribution(&self, of: PerMinute, minutes: &str, row: usize) -> Distribution {
        Distribution {
            peak: self.at(of.peak, row),
            peak_at: self.at(of.peak_at, row).and_then(DateTime::from_timestamp_millis),
            p95: self.at(of.p95, row),
            median: self.at(of.median, row),
            mean: ratio(self.at(of.series, row), self.at(minutes, row)),
        }
    }

    fn per_request(&self, row: usize) -> PerRequest {
        let mean = |kind: TokenKind| ratio(self.at(kind.sum, row), self.at(kind.known, row));
        let [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens] = KINDS.map(mean);
        PerRequest { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens }
    }
}

fn quota_use(quota: &Quota, rpm: &Distribution, tpm: &Distribution) -> QuotaUse {
    let granted = |quota: Option<u64>| quota.and_then(|quota| i64::try_from(quota).ok());
    let left = |quota, of: &Distribution| granted(quota)?.checked_sub(of.peak?);
    QuotaUse {
        rpm: quota.rpm,
        tpm: quota.tpm,
        rpm_headroom: left(quota.rpm, rpm),
        rpm_peak_share: ratio(rpm.peak, granted(quota.rpm)),
        rpm_p95_share: ratio(rpm.p95, granted(quota.rpm)),
        tpm_headroom: left(quota.tpm, tpm),
        tpm_peak_share: ratio(tpm.peak, granted(quota.tpm)),
        tpm_p95_share: ratio(tpm.p95, granted(quota.tpm)),
    }
}

fn pools(df: &DataFrame) -> PolarsResult<Vec<Pool>> {
    let (accounts, regions) = (texts(df, ACCOUNT_ID)?, texts(df, REGION)?);
    let (models, routings) = (texts(df, MODEL)?, texts(df, ROUTING)?);
    let rows = accounts.into_iter().zip(regions).zip(models).zip(routings);
    let pools =
        rows.map(|(((account, region), model), routing)| Pool { account, region, model, routing });
    Ok(pools.collect())
}

fn by_pool<T>(df: &DataFrame, values: Vec<T>) -> PolarsResult<BTreeMap<Pool, Vec<T>>> {
    let mut found: BTreeMap<Pool, Vec<T>> = BTreeMap::new();
    for (pool, value) in pools(df)?.into_iter().zip(values) {
        found.entry(pool).or_default().push(value);
    }
    Ok(found)
}

fn minutes(df: &DataFrame) -> PolarsResult<Vec<Minute>> {
    let (times, parts) = (integers(df, MINUTE)?, parts(df)?);
    let minutes = times.into_iter().zip(parts).map(|(time, part)| Minute {
        minute: time.and_then(DateTime::from_timestamp_millis),
        requests: part.requests,
        throttled: part.throttled,
        tokens: part.tokens,
    });
    Ok(minutes.collect())
}

fn consumers(df: &DataFrame) -> PolarsResult<Vec<Consumer>> {
    let both = texts(df, PRINCIPAL)?.into_iter().zip(parts(df)?);
    Ok(both.map(|(principal, part)| Consumer { principal, part }).collect())
}

fn parts(df: &DataFrame) -> PolarsResult<Vec<Part>> {
    let (requests, throttled) = (integers(df, REQUESTS)?, integers(df, THROTTLED)?);
    let rows = requests.into_iter().zip(throttled).zip(integers(df, QUOTA_TOKENS)?);
    let parts = rows.map(|((requests, throttled), tokens)| Part {
        requests: requests.unwrap_or_default(),
        throttled: throttled.unwrap_or_default(),
        tokens,
        ..Part::default()
    });
    Ok(parts.collect())
}

/// Several parts as one, without shares.
fn sum<'p>(parts: impl Iterator<Item = &'p Part>) -> Part {
    parts.fold(Part::default(), |sum, part| Part {
        requests: sum.requests + part.requests,
        throttled: sum.throttled + part.throttled,
        tokens: match (sum.tokens, part.tokens) {
            (Some(sum), Some(part)) => sum.checked_add(part),
            (one, other) => one.or(other),
        },
        ..Part::default()
    })
}

fn share(part: Part, all: &Part) -> Part {
    let served = |part: &Part| Some(part.requests - part.throttled);
    Part {
        request_share: ratio(Some(part.requests), Some(all.requests)),
        served_share: ratio(served(&part), served(all)),
        token_share: ratio(part.tokens, all.tokens),
        ..part
    }
}

fn shares(consumers: Vec<Consumer>, most: usize) -> Vec<Consumer> {
    let all = sum(consumers.iter().map(|consumer| &consumer.part));
    let named = consumers.into_iter().take(most);
    named.map(|one| Consumer { part: share(one.part, &all), ..one }).collect()
}

fn others(consumers: &[Consumer], most: usize) -> Option<Others> {
    let all = sum(consumers.iter().map(|consumer| &consumer.part));
    let rest = consumers.get(most..).filter(|rest| !rest.is_empty())?;
    let part = share(sum(rest.iter().map(|consumer| &consumer.part)), &all);
    Some(Others { principals: rest.len(), part })
}

/// `part` ÷ `whole`; none when the whole is zero or one is unknown.
#[expect(clippy::cast_precision_loss, reason = "a mean or a share for people")]
fn ratio(part: Option<i64>, whole: Option<i64>) -> Option<f64> {
    let (part, whole) = part.zip(whole)?;
    (whole > 0).then(|| part as f64 / whole as f64)
}
