//! The templates that make the account around the tool: CloudFormation and IAM policies, as data files.

use std::collections::BTreeMap;

/// A template that comes with the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name, as typed.
    pub name: &'static str,
    /// What it makes, in a phrase.
    pub about: &'static str,
    /// Whether it is a template of CloudFormation, whose parameters are given when it is deployed;
    /// else a policy, whose `${…}` are filled in by [`Template::filled`].
    pub is_cloudformation: bool,
    text: &'static str,
}

/// All templates, in the order they are listed.
pub const TEMPLATES: [Template; 8] = [
    Template {
        name: "stack",
        about: "log bucket, trail of all Regions, invocation logging, log group, topic, reader role",
        is_cloudformation: true,
        text: include_str!("templates/stack.yaml"),
    },
    Template {
        name: "member",
        about: "for a StackSet: bucket, logging and the role that the central account reads with",
        is_cloudformation: true,
        text: include_str!("templates/member.yaml"),
    },
    Template {
        name: "schedule",
        about: "the container on Fargate, run by EventBridge Scheduler, its store on EFS",
        is_cloudformation: true,
        text: include_str!("templates/schedule.yaml"),
    },
    Template {
        name: "budget",
        about: "a budget of AWS Budgets over the bill for Bedrock",
        is_cloudformation: true,
        text: include_str!("templates/budget.yaml"),
    },
    Template {
        name: "reader-policy",
        about: "policy of who reads logs, CloudTrail and CloudWatch",
        is_cloudformation: false,
        text: include_str!("templates/reader-policy.json"),
    },
    Template {
        name: "publisher-policy",
        about: "policy of who publishes metrics and dashboards",
        is_cloudformation: false,
        text: include_str!("templates/publisher-policy.json"),
    },
    Template {
        name: "sender-policy",
        about: "policy of who sends reports and alerts",
        is_cloudformation: false,
        text: include_str!("templates/sender-policy.json"),
    },
    Template {
        name: "setup-policy",
        about: "policy of who turns invocation logging on and off",
        is_cloudformation: false,
        text: include_str!("templates/setup-policy.json"),
    },
];

/// What is missing, or given and unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A value that the template needs.
    #[error("the template `{template}` needs a value for {names}")]
    Missing {
        /// The template.
        template: &'static str,
        /// The names, each in backticks.
        names: String,
    },
    /// A value for nothing.
    #[error("the template `{template}` has no `{name}`; it takes {known}")]
    Unknown {
        /// The template.
        template: &'static str,
        /// The name given.
        name: String,
        /// The names that it has, each in backticks, or `no values`.
        known: String,
    },
}

impl Template {
    /// The template with this name.
    pub fn named(name: &str) -> Option<Self> {
        TEMPLATES.into_iter().find(|template| template.name == name)
    }

    /// The names that a policy needs values for; none for a template of CloudFormation.
    pub fn names(&self) -> Vec<&'static str> {
        if self.is_cloudformation {
            return Vec::new();
        }
        let mut found: Vec<&str> =
            self.text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The text, filled in.
    ///
    /// # Errors
    /// [`Problem`] when a value is missing, or given for a name that isn't there.
    pub fn filled(&self, values: &BTreeMap<String, String>) -> Result<String, Problem> {
        let names = self.names();
        let quoted = |names: &[&str]| -> String {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            if names.is_empty() { "no values".to_owned() } else { names.join(", ") }
        };
        if let Some(name) = values.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(Problem::Unknown {
                template: self.name,
                name: name.clone(),
                known: quoted(&names),
            });
        }
        let missing: Vec<&str> =
            names.iter().copied().filter(|name| !values.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(Problem::Missing { template: self.name, names: quoted(&missing) });
        }
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("${{{name}}}"), value)
        };
        Ok(values.iter().fold(self.text.to_owned(), fill))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::{Problem, TEMPLATES, Template};

    #[test]
    fn policies_are_whole_once_every_name_has_a_value() {
        for template in TEMPLATES.iter().filter(|template| !template.is_cloudformation) {
            assert!(!template.names().is_empty(), "{}", template.name);
            let none = template.filled(&BTreeMap::new());
            assert!(matches!(none, Err(Problem::Missing { .. })), "{}", template.name);
            let names = template.names();
            let values = names.iter().map(|name| ((*name).to_owned(), "x".to_owned()));
            let text = template.filled(&values.collect()).expect("filled");
            assert!(!text.contains("${"), "{text}");
            let policy: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(policy["Version"], "2012-10-17");
            // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
            let size = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
            assert!(size <= 6144, "{}: {size}", template.name);
            let mut ids: Vec<&str> = policy["Statement"]
                .as_array()
                .expect("statements")
                .iter()
                .map(|one| one["Sid"].as_str().expect("an id"))
                .collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all);
        }
    }

    #[test]
    fn a_value_for_nothing_is_told_with_what_there_is() {
        let values = BTreeMap::from([("Bukket".to_owned(), "x".to_owned())]);
        let policy = Template::named("reader-policy").expect("a policy");
        let problem = policy.filled(&values).expect_err("unknown").to_string();
        assert!(problem.contains("`Bukket`") && problem.contains("`LogBucket`"), "{problem}");
        let stack = Template::named("stack").expect("a stack").filled(&values);
        assert!(stack.expect_err("unknown").to_string().contains("no values"));
    }
}
