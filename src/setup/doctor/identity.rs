//! Who AWS takes us for, in which Region, and whether our clock agrees with AWS's.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sts::Client;
use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use chrono::{DateTime, TimeDelta, Utc};

use super::Check;
use crate::aws::{Call, Connection, Error};

/// AWS refuses requests whose time is off by more than five minutes (15 for S3); a fifth of that is
/// worth mending before it comes to it.
const SKEW_TO_KNOW: TimeDelta = TimeDelta::minutes(1);
const SKEW_REFUSED: TimeDelta = TimeDelta::minutes(5);

/// Who AWS takes us for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: String,
    /// The user or role session.
    pub arn: String,
    /// The time of AWS's answer, to the second; `None` when it had none.
    pub answered: Option<DateTime<Utc>>,
}

/// Asks who we are; this takes no permission.
///
/// # Errors
/// When there are no credentials, they aren't accepted, or AWS can't be reached.
pub fn identity(aws: &Connection) -> Result<Caller, Error> {
    let call = Call::new("sts:GetCallerIdentity", "*");
    let date = AnswerDate::default();
    let request = Client::new(aws.config()).get_caller_identity();
    let request = request.customize().interceptor(date.clone());
    let found = aws.wait(request.send()).map_err(|error| Error::of(&error, &call))?;
    Ok(Caller {
        account: found.account().unwrap_or_default().to_owned(),
        arn: found.arn().unwrap_or_default().to_owned(),
        answered: date.read(),
    })
}

/// Whether a Region is known.
pub fn region_check(aws: &Connection) -> Check {
    match aws.region() {
        Some(region) => Check::ok("region", region, "known"),
        None => Check::warning(
            "region",
            "-",
            "no Region is set; buckets are found without one, other services are not",
            "name it with `--region`, `AWS_REGION` or in the profile",
        ),
    }
}

/// Whether this machine's clock agrees with AWS's answer, which took from `asked` to `received` by it.
pub fn clock_check(caller: &Caller, asked: DateTime<Utc>, received: DateTime<Utc>) -> Check {
    const CHECK: &str = "clock";
    const MACHINE: &str = "this machine";
    let Some(answered) = caller.answered else {
        return Check::not_checked(CHECK, MACHINE, "the answer had no `Date`");
    };
    // The answer was written at some time in between, and its date is cut to the second.
    let early = answered + TimeDelta::seconds(1) - asked;
    let late = received - answered;
    let skew = if early < TimeDelta::zero() {
        -early
    } else if late < TimeDelta::zero() {
        late
    } else {
        TimeDelta::zero()
    };
    let size = skew.abs();
    let direction = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
    let found = format!("{} s {direction} AWS's clock", size.num_seconds());
    let fix = "synchronise the clock (`timedatectl` shows whether it is)";
    if size >= SKEW_REFUSED {
        Check::failed(CHECK, MACHINE, found, fix)
    } else if size >= SKEW_TO_KNOW {
        Check::warning(CHECK, MACHINE, found, fix)
    } else {
        Check::ok(CHECK, MACHINE, format!("within {} s of AWS's", size.num_seconds().max(1)))
    }
}

/// Keeps the `Date` of the last answer.
#[derive(Debug, Clone, Default)]
struct AnswerDate(Arc<Mutex<Option<DateTime<Utc>>>>);

impl AnswerDate {
    fn read(&self) -> Option<DateTime<Utc>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for AnswerDate {
    fn name(&self) -> &'static str {
        "AnswerDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.map(|date| date.to_utc());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::Outcome;
    use super::{Caller, clock_check};

    #[track_caller]
    fn check(ahead_seconds: i64, expected: Outcome, words: &str) {
        let answered = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let caller =
            Caller { account: String::new(), arn: String::new(), answered: Some(answered) };
        let asked = answered + TimeDelta::seconds(ahead_seconds) + TimeDelta::milliseconds(300);
        let found = clock_check(&caller, asked, asked + TimeDelta::milliseconds(200));
        assert_eq!(found.outcome, expected, "{}", found.found);
        assert!(found.found.contains(words), "{}", found.found);
    }

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        check(0, Outcome::Ok, "within 1 s");
        check(10, Outcome::Ok, "within 9 s");
        check(90, Outcome::Warning, "89 s ahead");
        check(-90, Outcome::Warning, "89 s behind");
        check(-600, Outcome::Failed, "behind");
        check(3600, Outcome::Failed, "ahead");
    }

    #[test]
    fn without_a_date_nothing_is_claimed() {
        let caller = Caller { account: String::new(), arn: String::new(), answered: None };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(clock_check(&caller, now, now).outcome, Outcome::NotChecked);
    }
}
