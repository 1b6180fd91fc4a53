//! Who called in a short while: credentials, addresses, models, failures and cost.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::facts::Facts;
use crate::report::happened::{Moment, Seen};
use crate::report::parts::{
    Missing, Prose, RowRole, Section, Table, TableCell, TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, text_column};
use crate::units::Usd;

/// Most callers listed.
const LISTED: usize = 20;

/// What a caller did.
#[derive(Default)]
struct Caller {
    events: u64,
    requests: u64,
    failed: u64,
    credentials: BTreeSet<String>,
    addresses: BTreeSet<String>,
    cost: Option<Usd>,
    unpriced: u64,
}

impl Caller {
    fn add(&mut self, one: &Moment) {
        match one.seen {
            Seen::CloudTrail => self.events += one.number,
            Seen::Log => self.requests += one.number,
        }
        self.failed += if one.error.is_some() { one.number } else { 0 };
        self.credentials.extend(one.credential.clone());
        self.addresses.extend(one.address.as_ref().map(|(address, _)| address.clone()));
        self.unpriced += one.unpriced;
        if let Some(cost) = one.cost_usd {
            let sum = self.cost.map_or(0, |sum| sum.0).saturating_add(cost.0);
            self.cost = Some(Usd(sum));
        }
    }
}

type Who = (Option<String>, Option<String>);

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let mut callers: BTreeMap<Who, Caller> = BTreeMap::new();
    for one in facts.insights().timeline.iter().flat_map(|timeline| &timeline.moments) {
        callers.entry((one.principal.clone(), one.account.clone())).or_default().add(one);
    }
    let mut order: Vec<(Who, Caller)> = callers.into_iter().collect();
    order.sort_by_key(|(who, caller)| {
        (std::cmp::Reverse((caller.failed, caller.requests + caller.events)), who.clone())
    });
    let number = order.len() as u64;
    let takeaway = Prose::default()
        .value(Value::Count(number))
        .say(words::counted(number, " caller, ", " callers, "))
        .value(Value::Count(order.iter().filter(|(_, caller)| caller.failed > 0).count() as u64))
        .say(" of them with failed calls.");
    let mut section = super::bare("callers", "Who called", takeaway);
    section.tables = vec![table(&order)];
    section.notes = vec![Prose::text(
        "Events: those in the timeline, CloudTrail’s without the model calls that the log holds too. \
         Addresses and credentials are CloudTrail’s; of calls that only the log holds they are not known.",
    )];
    section
}

fn table(callers: &[(Who, Caller)]) -> Table {
    let columns = vec![
        text_column("principal", "Who"),
        text_column("credentials", "Credentials"),
        text_column("addresses", "From"),
        figure_column("events", "Events", None),
        figure_column("requests", "Logged calls", None),
        figure_column("failed", "Failed", None),
        figure_column("cost_usd", "Cost", Some("USD")),
    ];
    let mut rows: Vec<TableRow> = callers.iter().take(LISTED).map(line).collect();
    let rest = callers.get(LISTED..).unwrap_or_default();
    if !rest.is_empty() {
        let sum = |of: fn(&Caller) -> u64| rest.iter().map(|(_, caller)| of(caller)).sum::<u64>();
        rows.push(TableRow {
            role: RowRole::Note,
            swatch: None,
            cells: vec![
                Value::Text(format!("{} others", rest.len())).into(),
                Value::Missing(Missing::Blank).into(),
                Value::Missing(Missing::Blank).into(),
                Value::Count(sum(|caller| caller.events)).into(),
                Value::Count(sum(|caller| caller.requests)).into(),
                Value::Count(sum(|caller| caller.failed)).into(),
                Value::Missing(Missing::Blank).into(),
            ],
        });
    }
    Table { caption: "Who called".to_owned(), show_caption: false, wide: true, columns, rows }
}

fn line(((principal, account), caller): &(Who, Caller)) -> TableRow {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let some = |set: &BTreeSet<String>| match set.len() {
        0 => Value::Missing(Missing::Unknown),
        1..=3 => Value::Text(set.iter().cloned().collect::<Vec<_>>().join(", ")),
        more => {
            let first: Vec<String> = set.iter().take(2).cloned().collect();
            Value::Text(format!("{} and {} more", first.join(", "), more - 2))
        }
    };
    let credentials = caller.credentials.iter().map(|class| class.replace('_', " ")).collect();
    let cost = match (caller.cost, caller.unpriced) {
        (Some(cost), _) => Value::Usd(cost),
        (None, 1..) => Value::Missing(Missing::NotPriced),
        (None, 0) => Value::Missing(Missing::NotApplicable),
    };
    let tone = if caller.failed > 0 { Tone::Bad } else { Tone::Neutral };
    TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![
            Value::Lines(known(principal), known(account)).into(),
            some(&credentials).into(),
            some(&caller.addresses).into(),
            Value::Count(caller.events).into(),
            Value::Count(caller.requests).into(),
            TableCell { value: Value::Count(caller.failed), tone },
            cost.into(),
        ],
    }
}
