//! Which model the price list means by a name: the catalogue's names, a table, the user's word.
//!
//! Names are compared by their letters and digits, all of them: `Nova Lite` isn't `Nova 2 Lite`.
//! `price-list-names.json` holds the names that no model of the catalogue bears; an empty list
//! there is a name that stands for no single model.

use std::collections::BTreeMap;

use crate::prices::book::PriceBook;

/// The ending of names of marketplace models.
const EDITION: &str = "(Amazon Bedrock Edition)";

/// Models by name.
#[derive(Debug)]
pub(super) struct Names {
    by_name: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// The catalogue's names, the table's, and `own` before both.
    ///
    /// # Errors
    /// When the embedded table is broken, which a test excludes.
    pub(super) fn new(
        book: &PriceBook,
        own: &BTreeMap<String, String>,
    ) -> Result<Self, serde_json::Error> {
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for model in book.models() {
            let mut names = vec![
                letters(&model.display_name),
                letters(&format!("{} {}", model.provider, model.display_name)),
                letters(&model.model_id),
            ];
            names.extend(model.aliases.iter().map(|alias| letters(alias)));
            names.sort();
            names.dedup();
            for name in names {
                by_name.entry(name).or_default().push(model.model_id.clone());
            }
        }
        // A name that two models share stands for neither.
        by_name.retain(|_, ids| ids.len() == 1);
        let table: BTreeMap<String, Vec<String>> =
            serde_json::from_str(include_str!("price-list-names.json"))?;
        let known = |id: &String| book.model(id).is_some();
        for (name, ids) in table {
            by_name.insert(letters(&name), ids.into_iter().filter(known).collect());
        }
        for (name, id) in own {
            by_name.insert(letters(&without_edition(name)), vec![id.clone()]);
        }
        Ok(Self { by_name })
    }

    /// The models that a name stands for; none when it isn't known or stands for no single model.
    pub(super) fn models(&self, name: &str) -> &[String] {
        self.by_name.get(&letters(name)).map_or(&[], Vec::as_slice)
    }
}

/// The name of a marketplace model without the words that all of them end in.
pub(super) fn without_edition(name: &str) -> String {
    name.trim().strip_suffix(EDITION).unwrap_or(name).trim().to_owned()
}

/// Letters and digits in lower case; `+` tells Command R+ from Command R.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '+').flat_map(char::to_lowercase).collect()
}
