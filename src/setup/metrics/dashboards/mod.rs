//! The dashboards and alarms: data files, filled in for an account, and put in place.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Metric, MetricDataQuery, MetricStat};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Call, Connection, Error};

/// What differs between accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholders {
    /// The Region of the metrics.
    pub region: String,
    /// The namespace of our own metrics.
    pub namespace: String,
    /// The response time that is promised, milliseconds.
    pub service_level_ms: u32,
    /// The log group of invocation logs; without one there is no table of recent errors.
    pub log_group: Option<String>,
}

/// A dashboard, ready to be put.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// Its body.
    pub body: Value,
}

/// An alarm as `PutMetricAlarm` takes it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub alarm_name: String,
    /// What it watches.
    pub alarm_description: String,
    /// What it computes; one of them is returned.
    pub metrics: Vec<Query>,
    /// What the returned figure is compared with.
    pub threshold: f64,
    /// How.
    pub comparison_operator: String,
    /// Periods looked at.
    pub evaluation_periods: i32,
    /// Of these, how many must be beyond.
    pub datapoints_to_alarm: i32,
    /// What a period without data counts as.
    pub treat_missing_data: String,
}

/// A metric or an expression over others.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Query {
    /// How formulas name it.
    pub id: String,
    /// A formula or a query of Metrics Insights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Or a metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<Stat>,
    /// How it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// Whether it is what the alarm watches.
    pub return_data: bool,
}

/// A statistic of a metric.
#[expect(clippy::struct_field_names, reason = "the names of the API")]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Stat {
    /// The metric.
    pub metric: StatMetric,
    /// Seconds.
    pub period: i32,
    /// The statistic, e.g. `Sum`.
    pub stat: String,
}

/// A metric by name.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StatMetric {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub metric_name: String,
}

const BOARDS: [(&str, &str); 4] = [
    ("bedrock-technical", include_str!("technical.json")),
    ("bedrock-management", include_str!("management.json")),
    ("bedrock-security", include_str!("security.json")),
    ("bedrock-cost", include_str!("cost.json")),
];

const ALARMS: &str = include_str!("alarms.json");

/// The four dashboards, filled in.
///
/// # Errors
/// Never for the files that come with the tool, which tests read.
pub fn dashboards(placeholders: &Placeholders) -> Result<Vec<Dashboard>, serde_json::Error> {
    let board = |(name, text): &(&str, &str)| {
        let mut body: Value = serde_json::from_str(text)?;
        if let Some(widgets) = body.get_mut("widgets").and_then(Value::as_array_mut) {
            widgets.retain(|widget| {
                widget.get("requires").is_none() || placeholders.log_group.is_some()
            });
            for widget in widgets.iter_mut().filter_map(Value::as_object_mut) {
                widget.remove("requires");
            }
        }
        placeholders.fill(&mut body);
        Ok(Dashboard { name: (*name).to_owned(), body })
    };
    BOARDS.iter().map(board).collect()
}

/// The alarms, filled in.
///
/// # Errors
/// As [`dashboards`].
pub fn alarms(placeholders: &Placeholders) -> Result<Vec<Alarm>, serde_json::Error> {
    let mut alarms: Value = serde_json::from_str(ALARMS)?;
    placeholders.fill(&mut alarms);
    serde_json::from_value(alarms)
}

impl Placeholders {
    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) if text == "${SlaMs}" => *value = self.service_level_ms.into(),
            Value::String(text) => {
                *text = text
                    .replace("${Region}", &self.region)
                    .replace("${Namespace}", &self.namespace)
                    .replace("${LogGroup}", self.log_group.as_deref().unwrap_or_default());
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.fill(value)),
            _ => {}
        }
    }
}

/// Puts a dashboard in place of the one with its name; returns what `CloudWatch` has to say about it.
///
/// # Errors
/// When the request fails, e.g. since the body is not valid.
pub fn put_dashboard(aws: &Connection, dashboard: &Dashboard) -> Result<Vec<String>, Error> {
    let call = Call::new("cloudwatch:PutDashboard", "*");
    let request = Client::new(aws.config())
        .put_dashboard()
        .dashboard_name(&dashboard.name)
        .dashboard_body(dashboard.body.to_string());
    let found = aws.wait(request.send()).map_err(|error| Error::of(&error, &call))?;
    let said = found.dashboard_validation_messages().iter();
    Ok(said
        .map(|one| {
            let [path, text] = [one.data_path(), one.message()].map(Option::unwrap_or_default);
            format!("{path}: {text}")
        })
        .collect())
}

/// Puts an alarm in place of the one with its name, telling `topic` when it changes.
///
/// # Errors
/// When the request fails.
pub fn put_alarm(aws: &Connection, alarm: &Alarm, topic: Option<&str>) -> Result<(), Error> {
    let call = Call::new("cloudwatch:PutMetricAlarm", "*");
    let topics: Vec<String> = topic.map(str::to_owned).into_iter().collect();
    let request = Client::new(aws.config())
        .put_metric_alarm()
        .alarm_name(&alarm.alarm_name)
        .alarm_description(&alarm.alarm_description)
        .set_metrics(Some(alarm.metrics.iter().map(query).collect()))
        .threshold(alarm.threshold)
        .comparison_operator(ComparisonOperator::from(alarm.comparison_operator.as_str()))
        .evaluation_periods(alarm.evaluation_periods)
        .datapoints_to_alarm(alarm.datapoints_to_alarm)
        .treat_missing_data(&alarm.treat_missing_data)
        .set_alarm_actions(Some(topics.clone()))
        .set_ok_actions(Some(topics));
    aws.wait(request.send()).map(drop).map_err(|error| Error::of(&error, &call))
}

fn query(query: &Query) -> MetricDataQuery {
    let stat = query.metric_stat.as_ref().map(|stat| {
        let metric = Metric::builder()
            .namespace(&stat.metric.namespace)
            .metric_name(&stat.metric.metric_name)
            .build();
        MetricStat::builder().metric(metric).period(stat.period).stat(&stat.stat).build()
    });
    MetricDataQuery::builder()
        .id(&query.id)
        .set_expression(query.expression.clone())
        .set_metric_stat(stat)
        .set_label(query.label.clone())
        .set_period(query.period)
        .return_data(query.return_data)
        .build()
}

#[cfg(test)]
mod tests;
