//! Sending datums to `CloudWatch`.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime as AwsTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};

use super::{Datum, Unit};
use crate::aws::{Call, Connection, Error};

/// Sends one batch of [`batches`](super::batches) in one request: all of it arrives, or none.
///
/// `CloudWatch` adds a datum to those that are there; it never replaces one.
///
/// # Errors
/// When the request fails after the connection's retries. After [`Error::may_pass`] it is unknown
/// whether the batch has arrived.
pub fn put(aws: &Connection, namespace: &str, batch: &[Datum]) -> Result<(), Error> {
    let call = Call::new("cloudwatch:PutMetricData", "*");
    let request = Client::new(aws.config())
        .put_metric_data()
        .namespace(namespace)
        .set_metric_data(Some(batch.iter().map(wire).collect()));
    aws.wait(request.send()).map(drop).map_err(|error| Error::of(&error, &call))
}

fn wire(datum: &Datum) -> MetricDatum {
    let dimension =
        |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
    MetricDatum::builder()
        .metric_name(&datum.metric)
        .set_dimensions(Some(datum.dimensions.iter().map(dimension).collect()))
        .timestamp(AwsTime::from_secs(datum.at.timestamp()))
        .value(datum.value)
        .unit(match datum.unit {
            Unit::Count => StandardUnit::Count,
            Unit::Milliseconds => StandardUnit::Milliseconds,
            Unit::Percent => StandardUnit::Percent,
            Unit::None => StandardUnit::None,
        })
        .build()
}
