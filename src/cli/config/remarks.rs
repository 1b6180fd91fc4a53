//! What is not used in a configuration, or can't work as it is written, though it can be read.

use std::path::Path;

use crate::likeness::{ALIKE, nearest};
use crate::prices::PriceBook;
use crate::schema::allocation::Given;
use crate::schema::budget::BudgetScope;
use crate::settings::{MailSettings, Settings, Transport};

/// Kinds of report that lists may ask for.
const KINDS: [&str; 10] = [
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "annual",
    "cost",
    "security",
    "capacity",
    "performance",
    "incident",
];
/// Audiences that lists may ask for.
const AUDIENCES: [&str; 4] = ["technical", "management", "security", "finance"];

/// One sentence for each thing.
pub(super) fn remarks(settings: &Settings, book: &PriceBook) -> Vec<String> {
    [
        folders(settings),
        mail(settings),
        lists(settings),
        allocation(settings),
        models(settings, book),
    ]
    .concat()
}

fn folders(settings: &Settings) -> Vec<String> {
    let missing = |url: &str| !url.contains("://") && !Path::new(url).exists();
    let logo = settings.brand.logo.iter().filter(|path| !path.is_file());
    let logo =
        logo.map(|path| format!("`logo` in `[brand]`: there is no file `{}`", path.display()));
    let gone = settings.sources.iter().filter(|source| missing(&source.url));
    logo.chain(
        gone.map(|source| format!("source `{}`: there is no folder `{}`", source.name, source.url)),
    )
    .collect()
}

fn mail(settings: &Settings) -> Vec<String> {
    let (mail, default) = (&settings.mail, MailSettings::default());
    let mut remarks = Vec::new();
    let mut remark = |applies: bool, text: &str| {
        if applies {
            remarks.push(text.to_owned());
        }
    };
    let has_lists = !settings.recipients.is_empty();
    remark(
        mail.from.is_some() && !has_lists,
        "`[mail]` is not used: there is no `[[recipients]]`; only `--mail-to` sends",
    );
    remark(
        mail.from.is_none() && has_lists,
        "`[[recipients]]` can't be sent to: there is no `from` in `[mail]`",
    );
    remark(
        mail.transport == Transport::Ses && mail.smtp.is_some(),
        "`[mail.smtp]` is not used: `transport` is `ses`",
    );
    remark(
        mail.transport == Transport::Smtp && mail.ses != default.ses,
        "`[mail.ses]` is not used: `transport` is `smtp`, which `[mail.smtp]` makes the default",
    );
    remark(
        mail.transport == Transport::Smtp && mail.smtp.is_none(),
        "mail can't be sent: `transport` is `smtp`, and there is no `[mail.smtp]`",
    );
    remark(
        mail.link.is_none() && mail.link_hours != default.link_hours,
        "`link_hours` is not used: there is no `link` in `[mail]`",
    );
    remarks
}

fn lists(settings: &Settings) -> Vec<String> {
    let mut remarks = Vec::new();
    for list in &settings.recipients {
        for (words, known, what) in [
            (&list.reports, &KINDS[..], "kind of report"),
            (&list.audiences, &AUDIENCES[..], "audience"),
        ] {
            for word in words.iter().filter(|word| !known.contains(&word.as_str())) {
                let hint = like(word, known.iter().copied());
                remarks.push(format!("list `{}`: there is no {what} `{word}`{hint}", list.name));
            }
        }
    }
    remarks
}

fn allocation(settings: &Settings) -> Vec<String> {
    let mut remarks: Vec<String> = settings
        .unused_mappings
        .iter()
        .map(|name| format!("mapping `{name}` is not used by any rule"))
        .collect();
    let rules = &settings.allocation.rules;
    let (teams, centers) = (
        names(rules.iter().map(|rule| rule.team.as_ref())),
        names(rules.iter().map(|rule| rule.cost_center.as_ref())),
    );
    for budget in &settings.budgets {
        let (what, name, known) = match &budget.scope {
            BudgetScope::Team(name) => ("team", name, &teams),
            BudgetScope::CostCenter(name) => ("cost centre", name, &centers),
            _ => continue,
        };
        if let Some(known) = known.as_ref().filter(|known| !known.contains(name)) {
            let hint = like(name, known.iter().map(String::as_str));
            remarks
                .push(format!("budget `{}`: no rule gives the {what} `{name}`{hint}", budget.name));
        }
    }
    remarks
}

/// The names that rules can give; `None` when some come from the logs.
fn names<'r>(given: impl Iterator<Item = Option<&'r Given>>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for given in given.flatten() {
        match given {
            Given::Name(name) => names.push(name.clone()),
            Given::Mapped(_, map) => names.extend(map.values().cloned()),
            Given::Value(_) => return None,
        }
    }
    Some(names)
}

fn models(settings: &Settings, book: &PriceBook) -> Vec<String> {
    let budgets = settings.budgets.iter().filter_map(|budget| match &budget.scope {
        BudgetScope::Model(model) => Some(("budget", model)),
        _ => None,
    });
    let quotas = settings.quotas.iter().map(|quota| ("quota", &quota.model));
    let substitutes = settings.substitutes.iter();
    let substitutes =
        substitutes.flat_map(|pair| [("substitute", &pair.from), ("substitute", &pair.to)]);
    let named = budgets.chain(quotas).chain(substitutes);
    let unknown = named.filter(|(_, model)| book.model(model).is_none());
    unknown
        .map(|(what, model)| {
            let known = book.models().iter().map(|model| model.model_id.as_str());
            format!("{what}: the price book has no model `{model}`{}", like(model, known))
        })
        .collect()
}

fn like<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> String {
    nearest(word, known, ALIKE).map_or_else(String::new, |like| format!("; did you mean `{like}`?"))
}
