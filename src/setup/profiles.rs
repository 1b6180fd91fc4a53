//! Lists application inference profiles and provisioned throughput of a Region.
//!
//! Asks `ListInferenceProfiles` (type `APPLICATION`), `GetInferenceProfile` for a profile that was
//! listed without its models, and `ListProvisionedModelThroughputs`, page by page. Shapes: the Bedrock
//! API reference. Decides nothing about prices.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::primitives;
use aws_sdk_bedrock::types::ProvisionedModelSummary;
use aws_sdk_bedrock::types::{
    InferenceProfileModel, InferenceProfileSummary, InferenceProfileType,
};
use chrono::{DateTime, Utc};

use crate::aws::{Call, Connection, Error};

/// An application inference profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationProfile {
    /// Its ARN: what logs name.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, as AWS says.
    pub status: String,
    /// ARNs of the models that it routes to.
    pub models: Vec<String>,
}

/// Provisioned throughput.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionedThroughput {
    /// Its ARN: what logs name.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// ARN of the model it serves.
    pub model_arn: String,
    /// ARN of the foundation model that one is based on.
    pub foundation_model_arn: String,
    /// Model units.
    pub model_units: i32,
    /// `OneMonth` or `SixMonths`; none without a commitment.
    pub commitment: Option<String>,
    /// When the commitment ends.
    pub commitment_ends: Option<DateTime<Utc>>,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// As AWS says.
    pub status: String,
}

/// The application inference profiles of the connection's Region.
///
/// # Errors
/// When a request fails after the connection's retries; the permission is named in it.
pub fn application_profiles(aws: &Connection) -> Result<Vec<ApplicationProfile>, Error> {
    aws.wait(list_profiles(&Client::new(aws.config())))
}

/// The provisioned throughput of the connection's Region.
///
/// # Errors
/// When a request fails after the connection's retries; the permission is named in it.
pub fn provisioned_throughputs(aws: &Connection) -> Result<Vec<ProvisionedThroughput>, Error> {
    aws.wait(list_throughputs(&Client::new(aws.config())))
}

async fn list_profiles(client: &Client) -> Result<Vec<ApplicationProfile>, Error> {
    let call = Call::new("bedrock:ListInferenceProfiles", "*");
    let request = client.list_inference_profiles().type_equals(InferenceProfileType::Application);
    let mut pages = request.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::of(&error, &call))?;
        for listed in page.inference_profile_summaries() {
            found.push(profile(client, listed).await?);
        }
    }
    Ok(found)
}

async fn profile(
    client: &Client,
    listed: &InferenceProfileSummary,
) -> Result<ApplicationProfile, Error> {
    let arn = listed.inference_profile_arn();
    let mut models = model_arns(listed.models());
    if models.is_empty() {
        let call = Call::new("bedrock:GetInferenceProfile", arn);
        let request = client.get_inference_profile().inference_profile_identifier(arn);
        let found = request.send().await.map_err(|error| Error::of(&error, &call))?;
        models = model_arns(found.models());
    }
    Ok(ApplicationProfile {
        arn: arn.to_owned(),
        name: listed.inference_profile_name().to_owned(),
        status: listed.status().as_str().to_owned(),
        models,
    })
}

fn model_arns(models: &[InferenceProfileModel]) -> Vec<String> {
    models.iter().filter_map(InferenceProfileModel::model_arn).map(str::to_owned).collect()
}

async fn list_throughputs(client: &Client) -> Result<Vec<ProvisionedThroughput>, Error> {
    let call = Call::new("bedrock:ListProvisionedModelThroughputs", "*");
    let mut pages = client.list_provisioned_model_throughputs().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::of(&error, &call))?;
        found.extend(page.provisioned_model_summaries().iter().map(throughput));
    }
    Ok(found)
}

fn throughput(listed: &ProvisionedModelSummary) -> ProvisionedThroughput {
    ProvisionedThroughput {
        arn: listed.provisioned_model_arn().to_owned(),
        name: listed.provisioned_model_name().to_owned(),
        model_arn: listed.model_arn().to_owned(),
        foundation_model_arn: listed.foundation_model_arn().to_owned(),
        model_units: listed.model_units(),
        commitment: listed.commitment_duration().map(|one| one.as_str().to_owned()),
        commitment_ends: listed.commitment_expiration_time().and_then(time),
        created: time(listed.creation_time()),
        status: listed.status().as_str().to_owned(),
    }
}

fn time(at: &primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}
