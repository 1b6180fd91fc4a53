//! A Bedrock quota per minute as a user states it.

use serde::Serialize;

/// Requests and tokens per minute that AWS grants for a model.
///
/// AWS counts per account, Region, model, and separately for in-Region calls, for calls through a
/// geography's profile and through a global one.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// The account; none for every account.
    pub account: Option<String>,
    /// The Region that receives the calls.
    pub region: String,
    /// Base model id.
    pub model: String,
    /// `in_region`, a geography or `global`; none for each of them.
    pub routing: Option<String>,
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Tokens per minute.
    pub tpm: Option<u64>,
    /// Tokens of the quota that an output token takes; 1 where the file says nothing.
    pub output_burndown: u32,
}

impl Quota {
    /// The quota for these calls: of several, the one that names the account, then the routing.
    pub fn of<'q>(
        quotas: &'q [Self],
        account: Option<&str>,
        region: Option<&str>,
        model: Option<&str>,
        routing: Option<&str>,
    ) -> Option<&'q Self> {
        let same = |asked: Option<&String>, is: Option<&str>| {
            asked.is_none_or(|asked| is == Some(asked.as_str()))
        };
        let fits = quotas.iter().filter(|quota| {
            region == Some(quota.region.as_str())
                && model == Some(quota.model.as_str())
                && same(quota.account.as_ref(), account)
                && same(quota.routing.as_ref(), routing)
        });
        fits.max_by_key(|quota| quota.precision())
    }

    /// How much it names, for choosing among several that fit.
    pub fn precision(&self) -> (bool, bool) {
        (self.account.is_some(), self.routing.is_some())
    }

    /// Whether it is for the same calls as another.
    pub fn is_for_the_same_as(&self, other: &Self) -> bool {
        let calls = |quota: &Self| {
            (
                quota.account.clone(),
                quota.region.clone(),
                quota.model.clone(),
                quota.routing.clone(),
            )
        };
        calls(self) == calls(other)
    }
}
