//! How commands about an AWS account reach it.

use clap::Args;

use super::Context;
use crate::aws::Access;

/// Credentials, Regions and endpoint.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Options for AWS")]
pub(super) struct AccountArgs {
    /// Profile of the AWS configuration files [default: `AWS_PROFILE`, and the usual places]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Regions to ask [default: that of the environment or the profile]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Another endpoint than AWS's [default: `AWS_ENDPOINT_URL`]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Role to assume
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// External id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "role_arn")]
    external_id: Option<String>,
}

impl AccountArgs {
    /// How to reach the account, in the first Region named.
    pub(super) fn access(&self, context: &Context) -> Access {
        Access { ca_bundle: context.settings.ca_bundle.clone(), ..self.plain() }
    }

    /// What these options alone say.
    pub(super) fn plain(&self) -> Access {
        Access {
            profile: self.profile.clone(),
            region: self.region.first().cloned(),
            endpoint_url: self.endpoint_url.clone(),
            role_arn: self.role_arn.clone(),
            external_id: self.external_id.clone(),
            ..Access::default()
        }
    }

    /// The Regions named; none is that of the environment.
    pub(super) fn regions(&self) -> &[String] {
        &self.region
    }
}
