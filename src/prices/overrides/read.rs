//! Reads a prices file and checks it whole: keys, values, overlaps, models that nobody knows.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::discount::{Discount, WHOLE};
use super::problem::{OverridesError, Problem};
use super::table::{Table, Text, unknown};
use super::{Overrides, overlap, own};
use crate::likeness::nearest;
use crate::prices::book::{BookError, Model, PriceBook, PriceRow};
use crate::prices::catalogue;
use crate::prices::provisioned::Provisioned;
use crate::prices::resolve::{Resolved, resolve};
use crate::prices::row_reader::RowReader;
use crate::units::Usd;

const SECTIONS: [&str; 5] = ["model", "price", "discount", "profiles", "provisioned"];

const MODEL_KEYS: [&str; 6] =
    ["model_id", "aliases", "provider", "display_name", "modality", "usage_semantics"];

const PRICE_KEYS: [&str; 18] = [
    "model_id",
    "routing",
    "region",
    "scope",
    "tier",
    "effective_from",
    "effective_to",
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "long_context",
    "units",
    "sources",
    "confidence",
    "derivation",
    "note",
];

const DISCOUNT_KEYS: [&str; 6] =
    ["provider", "model_id", "percent", "effective_from", "effective_to", "note"];

const PROVISIONED_KEYS: [&str; 7] =
    ["arn", "model_id", "usd_per_hour", "model_units", "effective_from", "effective_to", "note"];

/// Reads the file against the catalogue whose models it may name.
pub(super) fn read(
    text: &str,
    file: &str,
    catalogue: &PriceBook,
) -> Result<Overrides, OverridesError> {
    let refuse = |problems| OverridesError { file: file.to_owned(), problems };
    let lines = Text(text);
    let table = DeTable::parse(text).map_err(|error| {
        refuse(vec![Problem {
            line: lines.line(error.span().map_or(0, |span| span.start)),
            place: String::new(),
            key: String::new(),
            problem: format!("is not TOML: {}", error.message().trim().replace('\n', ", ")),
        }])
    })?;
    let mut reading = Reading {
        lines,
        root: table.get_ref(),
        catalogue,
        problems: Vec::new(),
        read: Overrides { file: file.to_owned(), ..Overrides::default() },
    };
    reading.all();
    let Reading { problems, read, .. } = reading;
    if problems.is_empty() {
        return Ok(read);
    }
    Err(refuse(problems))
}

/// A file being read; problems are gathered, not fatal, so that all are told at once.
struct Reading<'t> {
    lines: Text<'t>,
    root: &'t DeTable<'t>,
    catalogue: &'t PriceBook,
    problems: Vec<Problem>,
    read: Overrides,
}

impl<'t> Reading<'t> {
    fn all(&mut self) {
        self.sections();
        self.models();
        self.prices();
        self.discounts();
        self.profiles();
        self.provisioned();
    }

    fn sections(&mut self) {
        for key in self.root.keys() {
            let name = key.get_ref();
            if !SECTIONS.contains(&name.as_ref()) {
                self.problems.push(Problem {
                    line: self.lines.line(key.span().start),
                    place: String::new(),
                    key: name.to_string(),
                    problem: unknown(name, &SECTIONS),
                });
            }
        }
    }

    fn section(&self, name: &str) -> Option<(usize, &'t Spanned<DeValue<'t>>)> {
        self.root
            .iter()
            .find(|(key, _)| key.get_ref().as_ref() == name)
            .map(|(key, value)| (self.lines.line(key.span().start), value))
    }

    /// The tables of `[[name]]`.
    fn tables(&mut self, name: &str) -> Vec<Table<'t>> {
        let Some((line, value)) = self.section(name) else { return Vec::new() };
        let tables = value.get_ref().as_array().and_then(|items| {
            let table =
                |(index, item)| Table::new(self.lines, format!("{name} {}", index + 1), item);
            items.iter().enumerate().map(table).collect::<Option<Vec<_>>>()
        });
        tables.unwrap_or_else(|| {
            self.problems.push(Problem {
                line,
                place: String::new(),
                key: name.to_owned(),
                problem: format!("must be tables, each headed `[[{name}]]`"),
            });
            Vec::new()
        })
    }

    /// Reads each table of a section; what can't be read is a problem.
    fn each<T>(
        &mut self,
        name: &str,
        allowed: &[&str],
        read: impl Fn(&mut RowReader) -> Result<T, BookError>,
    ) -> Vec<(Table<'t>, T)> {
        let mut all = Vec::new();
        for table in self.tables(name) {
            let value = table.reader(allowed, &mut self.problems).and_then(|mut reader| {
                let value = read(&mut reader).map_err(|error| table.located(error))?;
                reader.finish().map_err(|error| table.located(error))?;
                Ok(value)
            });
            match value {
                Ok(value) => all.push((table, value)),
                Err(problem) => self.problems.push(problem),
            }
        }
        all
    }

    fn models(&mut self) {
        for (table, model) in self.each("model", &MODEL_KEYS, private_model) {
            let mut names = std::iter::once(&model.model_id).chain(&model.aliases);
            let known = |name: &&String| {
                self.catalogue.model(name).is_some()
                    || find_model(&self.read.models, name).is_some()
            };
            if let Some(name) = names.find(known) {
                self.problems.push(table.problem(
                    "model_id",
                    format!("names `{name}`, which is a model already; give it a `[[price]]` only"),
                ));
            } else {
                self.read.models.push(model);
            }
        }
    }

    fn prices(&mut self) {
        let mut rows: Vec<(usize, PriceRow)> = Vec::new();
        for (table, row) in self.each("price", &PRICE_KEYS, catalogue::price_row) {
            let row = own(row);
            if !self.is_base_id(&row.model_id) {
                let problem = self.unknown_model(&row.model_id);
                self.problems.push(table.problem("model_id", problem));
            }
            if !row.tokens.any() && row.units.is_empty() {
                self.problems.push(
                    table.problem(
                        "model_id",
                        "has no price: give `input`, `output` or another price",
                    ),
                );
            }
            let dates = |row: &PriceRow| (row.effective_from, row.effective_to);
            let other = rows
                .iter()
                .find(|(_, other)| other.same_calls(&row) && overlap(dates(other), dates(&row)));
            if let Some((line, other)) = other {
                self.problems.push(table.problem(
                    "model_id",
                    format!("sets a second price for the same calls: `{}` and `{}` (line {line}) overlap", row.id, other.id),
                ));
            }
            rows.push((table.line, row));
        }
        self.read.rows = rows.into_iter().map(|(_, row)| row).collect();
    }

    fn discounts(&mut self) {
        let mut kept: Vec<(usize, Discount)> = Vec::new();
        for (table, discount) in self.each("discount", &DISCOUNT_KEYS, discount) {
            let discount = match self.known_discount(discount) {
                Ok(discount) => discount,
                Err((key, problem)) => {
                    self.problems.push(table.problem(key, problem));
                    continue;
                }
            };
            let same = |other: &Discount| match (&other.model_id, &discount.model_id) {
                (Some(other), Some(own)) => other == own,
                (None, None) => other.provider == discount.provider,
                _ => false,
            };
            let dates = |one: &Discount| (one.from, one.to);
            let other = kept
                .iter()
                .find(|(_, other)| same(other) && overlap(dates(other), dates(&discount)));
            if let Some((line, other)) = other {
                self.problems.push(table.problem(
                    "percent",
                    format!(
                        "`{}` meets the discount of `{}` % in line {line} on the same days: end one with `effective_to`",
                        discount.percent, other.percent
                    ),
                ));
            }
            kept.push((table.line, discount));
        }
        self.read.discounts = kept.into_iter().map(|(_, discount)| discount).collect();
    }

    /// The discount with the names the catalogue uses.
    fn known_discount(&self, found: Discount) -> Result<Discount, (&'static str, String)> {
        let provider = found.provider.as_deref().map(|name| self.provider(name)).transpose();
        let provider = provider.map_err(|problem| ("provider", problem))?;
        let Some(id) = &found.model_id else { return Ok(Discount { provider, ..found }) };
        let model = self.catalogue.model(id).ok_or_else(|| ("model_id", self.unknown_model(id)))?;
        if provider.as_ref().is_some_and(|provider| *provider != model.provider) {
            let maker = &model.provider;
            return Err(("provider", format!("is not who makes `{id}`: that is `{maker}`")));
        }
        Ok(Discount { provider, model_id: Some(model.model_id.clone()), ..found })
    }

    /// The maker's name as the catalogue writes it.
    fn provider(&self, name: &str) -> Result<String, String> {
        let known: BTreeSet<&str> =
            self.catalogue.models().iter().map(|model| model.provider.as_str()).collect();
        let found = known.iter().find(|known| known.eq_ignore_ascii_case(name));
        found.map(|known| (*known).to_owned()).ok_or_else(|| {
            let known: Vec<&str> = known.iter().copied().collect();
            let known = known.join(", ");
            format!("is `{name}`, who makes no model of the catalogue (allowed: {known})")
        })
    }

    fn profiles(&mut self) {
        let Some((line, value)) = self.section("profiles") else { return };
        let Some(table) = Table::new(self.lines, "profiles".to_owned(), value) else {
            self.problems.push(Problem {
                line,
                place: String::new(),
                key: "profiles".to_owned(),
                problem: "must be a table, headed `[profiles]`".to_owned(),
            });
            return;
        };
        for (key, value) in table.keys {
            let key = key.get_ref();
            match self.profile(key, value.get_ref()) {
                Ok(target) => {
                    self.read.profiles.insert(key.to_string(), target);
                }
                Err(problem) => self.problems.push(table.problem(key, problem)),
            }
        }
    }

    fn profile(&self, key: &str, target: &DeValue<'_>) -> Result<String, String> {
        let is_arn = matches!(resolve(key), Resolved::ApplicationProfile { .. });
        let is_id = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_arn && !is_id {
            return Err(String::from(
                "must be the ARN of an application inference profile or its last part, in quotes",
            ));
        }
        let target = target.as_str().ok_or("must stand for a model id, as text")?;
        match resolve(target) {
            Resolved::Model { id, .. } if self.known(id) => Ok(target.to_owned()),
            Resolved::Model { id, .. } => Err(self.unknown_model(id)),
            _ => Err(format!(
                "is `{target}`, but must be the id of a model, bare or with a profile prefix"
            )),
        }
    }

    fn provisioned(&mut self) {
        let mut kept: Vec<(usize, Provisioned)> = Vec::new();
        for (table, found) in self.each("provisioned", &PROVISIONED_KEYS, provisioned) {
            if resolve(&found.arn) != Resolved::Unpriced(crate::schema::cost::reason::PROVISIONED) {
                self.problems.push(table.problem(
                    "arn",
                    "must be the ARN of a provisioned model: `arn:aws:bedrock:…:provisioned-model/…`",
                ));
            }
            if let Some(id) = found.model_id.as_deref() {
                let known = matches!(resolve(id), Resolved::Model { id, .. } if self.known(id));
                if !known {
                    self.problems.push(table.problem("model_id", self.unknown_model(id)));
                }
            }
            let times = |one: &Provisioned| (one.from, one.to);
            let same = |(_, other): &&(usize, Provisioned)| {
                other.arn == found.arn && overlap(times(other), times(&found))
            };
            if let Some((line, _)) = kept.iter().find(same) {
                self.problems.push(table.problem(
                    "arn",
                    format!("has a second rate for the same time, after that in line {line}: end one with `effective_to`"),
                ));
            }
            kept.push((table.line, found));
        }
        self.read.provisioned = kept.into_iter().map(|(_, found)| found).collect();
    }

    fn is_base_id(&self, id: &str) -> bool {
        self.catalogue.model(id).is_some_and(|model| model.model_id == id)
            || self.read.models.iter().any(|model| model.model_id == id)
    }

    fn known(&self, id: &str) -> bool {
        self.catalogue.model(id).is_some() || find_model(&self.read.models, id).is_some()
    }

    fn unknown_model(&self, id: &str) -> String {
        if let Some(model) = self.catalogue.model(id) {
            return format!("is another name of `{}`: write that", model.model_id);
        }
        if let Resolved::Model { id: bare, .. } = resolve(id)
            && bare != id
            && self.known(bare)
        {
            return format!("is `{id}`, with a profile prefix: write `{bare}`, and the `routing`");
        }
        let known = self.catalogue.models().iter().map(|model| model.model_id.as_str());
        let nearest = nearest(id, known, 0.9);
        let did_you_mean =
            nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        format!(
            "is `{id}`, which is no model of the catalogue{did_you_mean} (a private model needs a `[[model]]` table)"
        )
    }
}

fn find_model<'m>(models: &'m [Model], name: &str) -> Option<&'m Model> {
    models
        .iter()
        .find(|model| model.model_id == name || model.aliases.iter().any(|alias| alias == name))
}

fn private_model(row: &mut RowReader) -> Result<Model, BookError> {
    let model_id = row.required_text("model_id")?;
    Ok(Model {
        aliases: row.texts("aliases")?,
        provider: row.required_text("provider")?,
        display_name: row.text("display_name")?.unwrap_or_else(|| model_id.clone()),
        modality: row.text("modality")?.unwrap_or_else(|| "text".to_owned()),
        input_includes_cache: catalogue::input_includes_cache(row)?,
        context_window: None,
        model_id,
    })
}

fn discount(row: &mut RowReader) -> Result<Discount, BookError> {
    row.text("note")?;
    let (provider, model_id) = (row.text("provider")?, row.text("model_id")?);
    if provider.is_none() && model_id.is_none() {
        return Err(row.problem("provider", "is missing: give `provider` or `model_id`"));
    }
    let percent = row.text("percent").ok().flatten().unwrap_or_default();
    let share = Usd::parse(&percent).filter(|share| (1..=WHOLE).contains(&share.0));
    let Some(share) = share else {
        return Err(row
            .problem("percent", "must be decimal text above 0 and up to 100, such as `\"12.5\"`"));
    };
    let (from, to) = dates(row)?;
    Ok(Discount { provider, model_id, percent, share: share.0, from, to })
}

fn provisioned(row: &mut RowReader) -> Result<Provisioned, BookError> {
    let (from, to) = (row.time("effective_from")?, row.time("effective_to")?);
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        return Err(row.problem("effective_to", "must be after `effective_from`"));
    }
    let usd_per_hour = row.price("usd_per_hour")?;
    Ok(Provisioned {
        arn: row.required_text("arn")?,
        model_id: row.text("model_id")?,
        usd_per_hour: usd_per_hour.ok_or_else(|| row.problem("usd_per_hour", "is missing"))?,
        model_units: row.count("model_units")?.unwrap_or(1),
        from,
        to,
        note: row.text("note")?,
    })
}

type Dates = (Option<chrono::NaiveDate>, Option<chrono::NaiveDate>);

fn dates(row: &mut RowReader) -> Result<Dates, BookError> {
    let (from, to) = (row.date("effective_from")?, row.date("effective_to")?);
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        return Err(row.problem("effective_to", "must be after `effective_from`"));
    }
    Ok((from, to))
}
