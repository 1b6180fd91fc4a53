//! What a guardrail did, from the traces and actions in a response body.
//!
//! Names that customers gave (topics, words, regexes) and matched text are not even read: the wire
//! types have no field for them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::records::json::{Cursor, Fault};
use crate::records::wire::{List, Object, Read, Text, fill_object, object};
use crate::schema::invocation::guardrail_action;

object! {
    /// `trace.guardrail` (Converse) or `amazon-bedrock-trace.guardrail` (`InvokeModel`).
    struct Trace<'a> {
        "input" => input: Assessments<'a>,
        "outputs" => outputs: Assessments<'a>,
        "inputAssessment" => input_assessment: Assessments<'a>,
        "outputAssessments" => output_assessments: Assessments<'a>,
    }
}

object! {
    struct Assessment<'a> {
        "topicPolicy" => topic: TopicPolicy<'a>,
        "contentPolicy" => content: FilterPolicy<'a>,
        "wordPolicy" => word: WordPolicy<'a>,
        "sensitiveInformationPolicy" => sensitive_information: SensitiveInformationPolicy<'a>,
        "contextualGroundingPolicy" => contextual_grounding: FilterPolicy<'a>,
        "appliedGuardrailDetails" => details: Details<'a>,
    }
}

object! {
    struct TopicPolicy<'a> {
        "topics" => topics: List<Finding<'a>>,
    }
}

object! {
    struct FilterPolicy<'a> {
        "filters" => filters: List<Finding<'a>>,
    }
}

object! {
    struct WordPolicy<'a> {
        "customWords" => custom: List<Finding<'a>>,
        "managedWordLists" => managed: List<Finding<'a>>,
    }
}

object! {
    struct SensitiveInformationPolicy<'a> {
        "piiEntities" => entities: List<Finding<'a>>,
        "regexes" => regexes: List<Finding<'a>>,
    }
}

object! {
    struct Finding<'a> {
        "type" => kind: Text<'a>,
        "action" => action: Text<'a>,
    }
}

object! {
    struct Details<'a> {
        "guardrailId" => id: Text<'a>,
        "guardrailVersion" => version: Text<'a>,
    }
}

/// Assessments by guardrail id. Real logs hold a list of maps where the API model has a map of
/// lists; both are read.
#[derive(Debug, Default)]
pub(in crate::records) struct Assessments<'a>(Vec<(Cow<'a, str>, Assessment<'a>)>);

impl<'a> Read<'a> for Assessments<'a> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let maps: Vec<ById<'a>> = one_or_many(cursor)?;
        self.0 = maps.into_iter().flat_map(|map| map.0).collect();
        Ok(())
    }
}

/// `{"<guardrail id>": assessment or list of assessments}`.
#[derive(Debug, Default)]
struct ById<'a>(Vec<(Cow<'a, str>, Assessment<'a>)>);

impl<'a> Object<'a> for ById<'a> {
    fn entry(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        cursor.take();
        let assessments = one_or_many(cursor)?;
        self.0.extend(assessments.into_iter().map(|found| (Cow::Owned(key.to_owned()), found)));
        Ok(true)
    }
}

impl<'a> Read<'a> for ById<'a> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0.clear();
        fill_object(self, cursor)
    }
}

fn one_or_many<'a, T: Read<'a>>(cursor: &mut Cursor<'a>) -> Result<Vec<T>, Fault> {
    if cursor.peek()? == b'[' {
        List::<T>::read(cursor).map(|list| list.0)
    } else {
        T::read(cursor).map(|one| vec![one])
    }
}

/// What was seen of guardrails in one response.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// `INTERVENED` on any chunk, or a stop reason that says so.
    pub(super) intervened: bool,
    /// Any action or trace at all.
    pub(super) attached: bool,
    /// Id of the guardrail, from the trace.
    pub(super) id: Option<String>,
    /// Its version, from the trace.
    pub(super) version: Option<String>,
    /// Terms of [`GUARDRAIL_POLICIES`](crate::schema::invocation::GUARDRAIL_POLICIES).
    policies: BTreeSet<String>,
}

impl Seen {
    pub(super) const NOTHING: Self = Self {
        intervened: false,
        attached: false,
        id: None,
        version: None,
        policies: BTreeSet::new(),
    };

    /// Adds `amazon-bedrock-guardrailAction`.
    pub(super) fn add_action(&mut self, action: &str) {
        self.attached = true;
        self.intervened |= action == "INTERVENED";
    }

    /// Adds the assessments of a trace.
    pub(super) fn add_trace(&mut self, trace: &Trace<'_>) {
        self.attached = true;
        let sides =
            [&trace.input, &trace.input_assessment, &trace.outputs, &trace.output_assessments];
        for (id, assessment) in sides.into_iter().flat_map(|side| &side.0) {
            self.id.get_or_insert_with(|| bare_id(id).to_owned());
            self.add_assessment(assessment);
        }
    }

    fn add_assessment(&mut self, assessment: &Assessment<'_>) {
        if let Some(version) = assessment.details.version.get() {
            self.version.get_or_insert_with(|| version.to_owned());
        }
        let word = &assessment.word;
        let sensitive = &assessment.sensitive_information;
        for (policy, fixed_kind, findings) in [
            ("topicPolicy", None, &assessment.topic.topics),
            ("contentPolicy", None, &assessment.content.filters),
            ("wordPolicy", Some("CUSTOM"), &word.custom),
            ("wordPolicy", None, &word.managed),
            ("sensitiveInformationPolicy", None, &sensitive.entities),
            ("sensitiveInformationPolicy", Some("REGEX"), &sensitive.regexes),
            ("contextualGroundingPolicy", None, &assessment.contextual_grounding.filters),
        ] {
            let terms = findings.0.iter().filter_map(|found| term(policy, fixed_kind, found));
            self.policies.extend(terms);
        }
    }

    /// `intervened`, `none` or `None`. `expected`: the request named a guardrail.
    pub(super) fn action(&self, expected: bool) -> Option<&'static str> {
        if self.intervened || !self.policies.is_empty() {
            Some(guardrail_action::INTERVENED)
        } else {
            (self.attached || expected).then_some(guardrail_action::NONE)
        }
    }

    /// The policies that acted, sorted, separated by commas.
    pub(super) fn policies(&self) -> Option<String> {
        let terms: Vec<_> = self.policies.iter().map(String::as_str).collect();
        (!terms.is_empty()).then(|| terms.join(","))
    }
}

/// `policy:kind:ACTION`; `None` when the policy did not act (detect mode).
fn term(policy: &str, fixed_kind: Option<&str>, found: &Finding<'_>) -> Option<String> {
    let action = found.action.get().filter(|action| *action != "NONE")?;
    let kind = fixed_kind.or(found.kind.get()).unwrap_or(UNKNOWN);
    Some(format!("{policy}:{}:{}", word_of_api(kind), word_of_api(action)))
}

/// Stands for a kind or action that is missing, or no word of the API.
const UNKNOWN: &str = "UNKNOWN";

/// The API's kinds and actions are upper-case words; anything else might be a customer's text.
fn word_of_api(text: &str) -> &str {
    let of_api = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_word = !text.is_empty() && text.len() <= 64 && text.bytes().all(of_api);
    if is_word { text } else { UNKNOWN }
}

/// The id of a guardrail given as id or ARN.
pub(super) fn bare_id(identifier: &str) -> &str {
    identifier.rsplit_once("guardrail/").map_or(identifier, |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::{Seen, Trace};

    fn check(trace: &str, action: Option<&str>, id: Option<&str>, policies: Option<&str>) {
        let trace: Trace<'_> = crate::records::wire::parse(trace).expect("JSON");
        let mut seen = Seen::default();
        seen.add_trace(&trace);
        assert_eq!((seen.action(false), seen.id.as_deref()), (action, id));
        assert_eq!(seen.policies().as_deref(), policies);
    }

    #[test]
    fn every_policy_is_named_by_kind_and_action_only() {
        check(
            r#"{"inputAssessment":{"g1":{
                "topicPolicy":{"topics":[{"name":"secret plan","type":"DENY","action":"BLOCKED"}]},
                "contentPolicy":{"filters":[{"type":"HATE","confidence":"HIGH","action":"BLOCKED"}]},
                "wordPolicy":{"customWords":[{"match":"secret","action":"BLOCKED"}],
                              "managedWordLists":[{"match":"secret","type":"PROFANITY","action":"BLOCKED"}]},
                "sensitiveInformationPolicy":{
                    "piiEntities":[{"type":"US_SOCIAL_SECURITY_NUMBER","match":"secret","action":"ANONYMIZED"}],
                    "regexes":[{"name":"secret","regex":"secret","match":"secret","action":"ANONYMIZED"}]},
                "contextualGroundingPolicy":{"filters":[{"type":"GROUNDING","score":0.1,"action":"BLOCKED"}]}
            }}}"#,
            Some("intervened"),
            Some("g1"),
            Some(
                "contentPolicy:HATE:BLOCKED,contextualGroundingPolicy:GROUNDING:BLOCKED,\
                 sensitiveInformationPolicy:REGEX:ANONYMIZED,\
                 sensitiveInformationPolicy:US_SOCIAL_SECURITY_NUMBER:ANONYMIZED,\
                 topicPolicy:DENY:BLOCKED,wordPolicy:CUSTOM:BLOCKED,wordPolicy:PROFANITY:BLOCKED",
            ),
        );
    }

    #[test]
    fn output_assessments_are_read_as_list_of_maps_and_as_map_of_lists() {
        let blocked = r#"{"contentPolicy":{"filters":[{"type":"HATE","action":"BLOCKED"}]}}"#;
        for trace in [
            format!(r#"{{"outputAssessments":[{{"g1":{blocked}}}]}}"#),
            format!(r#"{{"outputAssessments":{{"g1":[{blocked}]}}}}"#),
            format!(r#"{{"outputs":[{{"g1":{blocked}}}]}}"#),
        ] {
            let policies = Some("contentPolicy:HATE:BLOCKED");
            check(&trace, Some("intervened"), Some("g1"), policies);
        }
    }

    #[test]
    fn detecting_is_not_acting() {
        let trace = r#"{"inputAssessment":{"g1":{"contentPolicy":{"filters":[
            {"type":"HATE","action":"NONE","detected":true},{"type":"HATE"}]}}}}"#;
        check(trace, Some("none"), Some("g1"), None);
    }

    #[test]
    fn what_is_no_word_of_the_api_is_not_repeated() {
        let trace = r#"{"input":{"g1":{"contentPolicy":{"filters":[
            {"type":"my secret","action":"my action"}]}}}}"#;
        check(trace, Some("intervened"), Some("g1"), Some("contentPolicy:UNKNOWN:UNKNOWN"));
    }

    #[test]
    fn other_shapes_are_no_assessments() {
        for trace in ["{}", "[]", r#"{"input":7,"outputs":[[[{}]]],"inputAssessment":"x"}"#] {
            check(trace, Some("none"), None, None);
        }
    }
}
