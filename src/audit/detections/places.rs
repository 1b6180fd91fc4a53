//! Where addresses are: country and network operator, from `MaxMind` databases that the user names.

use std::net::IpAddr;

use maxminddb::{MaxMindDbError, PathElement, Reader};
use serde::Serialize;

/// Databases that addresses are looked up in; none when the user names none.
#[derive(Debug, Default)]
pub struct Places(Vec<Reader<Vec<u8>>>);

/// What the databases say of an address; null where they say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// ISO code of the country.
    pub country: Option<String>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// Who runs it.
    pub operator: Option<String>,
}

impl Places {
    /// Opens databases from their bytes.
    ///
    /// # Errors
    /// The index of the one that is no `MaxMind` database, and why.
    pub fn open(databases: Vec<Vec<u8>>) -> Result<Self, (usize, MaxMindDbError)> {
        let open = |(index, bytes)| Reader::from_source(bytes).map_err(|error| (index, error));
        databases.into_iter().enumerate().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is known of an address: the first database that says something of each fact counts.
    pub fn of(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        for found in self.0.iter().filter_map(|database| database.lookup(address).ok()) {
            // A database of another kind has no such entry.
            let text = |keys: &[&str]| found.decode_path::<String>(&entry(keys)).ok().flatten();
            let number = |keys: &[&str]| found.decode_path::<u32>(&entry(keys)).ok().flatten();
            place.country = place.country.or_else(|| text(&["country", "iso_code"]));
            place.asn = place.asn.or_else(|| number(&["autonomous_system_number"]));
            place.operator = place.operator.or_else(|| text(&["autonomous_system_organization"]));
        }
        place
    }
}

fn entry<'k>(keys: &[&'k str]) -> Vec<PathElement<'k>> {
    keys.iter().copied().map(PathElement::Key).collect()
}
