//! A `GeoIP` database of two networks, written as the format says, and what comes of it.

use serde_json::json;

use super::super::{Places, RuleVerdict};
use super::{asked, records, rules, security};

/// 198.51.100.0/24 in France, 203.0.113.0/24 in Germany; nothing else is known.
/// Format: <https://maxmind.github.io/MaxMind-DB/>.
fn database() -> Vec<u8> {
    let networks: [(u32, &str); 2] = [(0xC633_6400, "FR"), (0xCB00_7100, "DE")];
    let mut data: Vec<u8> = Vec::new();
    let mut nodes: Vec<[Option<Next>; 2]> = vec![[None, None]];
    for (network, country) in networks {
        let record = Next::Data(data.len());
        map(&mut data, 3);
        text(&mut data, "country");
        map(&mut data, 1);
        text(&mut data, "iso_code");
        text(&mut data, country);
        text(&mut data, "autonomous_system_number");
        data.extend([0b1100_0010, 0xFD, 0xE8]); // 65000
        text(&mut data, "autonomous_system_organization");
        text(&mut data, "Example Net");
        let mut node = 0;
        for bit in 0..24 {
            let side = usize::from(network >> (31 - bit) & 1 == 1);
            if bit == 23 {
                nodes[node][side] = Some(record);
            } else if let Some(Next::Node(next)) = nodes[node][side] {
                node = next;
            } else {
                nodes[node][side] = Some(Next::Node(nodes.len()));
                node = nodes.len();
                nodes.push([None, None]);
            }
        }
    }
    let count = nodes.len();
    let mut file: Vec<u8> = Vec::new();
    for side in nodes.iter().flatten() {
        let number = match side {
            None => count,
            Some(Next::Node(node)) => *node,
            Some(Next::Data(at)) => count + 16 + at,
        };
        file.extend(&u32::try_from(number).expect("small").to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    map(&mut file, 9);
    let small = |file: &mut Vec<u8>, name: &str, number: usize| {
        text(file, name);
        // Two bytes of a 32-bit number, or of a 16-bit one.
        file.push(if name == "node_count" { 0b1100_0010 } else { 0b1010_0010 });
        file.extend(u16::try_from(number).expect("small").to_be_bytes());
    };
    small(&mut file, "node_count", count);
    small(&mut file, "record_size", 24);
    small(&mut file, "ip_version", 4);
    small(&mut file, "binary_format_major_version", 2);
    small(&mut file, "binary_format_minor_version", 0);
    text(&mut file, "database_type");
    text(&mut file, "Test-Country");
    text(&mut file, "build_epoch");
    file.extend([1, 2, 1]); // one byte of a 64-bit number
    text(&mut file, "description");
    map(&mut file, 0);
    text(&mut file, "languages");
    file.extend([0, 4]); // an empty list
    file
}

#[derive(Clone, Copy)]
enum Next {
    Node(usize),
    Data(usize),
}

fn map(bytes: &mut Vec<u8>, entries: u8) {
    bytes.push(0b1110_0000 | entries);
}

/// Up to 28 bytes, or up to 284.
fn text(bytes: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len()).expect("short") {
        length @ 0..=28 => bytes.push(0b0100_0000 | length),
        length => bytes.extend([0b0101_1101, length - 29]),
    }
    bytes.extend(text.as_bytes());
}

pub(super) fn places() -> Places {
    Places::open(vec![database()]).unwrap_or_else(|(_, error)| panic!("{error}"))
}

#[test]
fn a_finding_says_where_its_address_is() {
    let rules = rules();
    let rule = rules.rule("external-source").expect("the rule");
    let case = super::cases().into_iter().find(|case| case.rule == rule.id).expect("a case");
    let records = records(&case.fires.iter().collect::<Vec<_>>());
    let found = asked(rule, &records, &security(), &places());
    let place = serde_json::to_value(&found.findings[0].place).expect("JSON");
    assert_eq!(place, json!({"country": "FR", "asn": 65000, "operator": "Example Net"}));
    let without = asked(rule, &records, &security(), &Places::default());
    assert_eq!(without.findings[0].place, None);
    assert!(!without.geoip);
}

#[test]
fn countries_without_a_database_are_not_evaluated() {
    let rules = rules();
    let rule = rules.rule("foreign-country").expect("the rule");
    let case = super::cases().into_iter().find(|case| case.rule == rule.id).expect("a case");
    let records = records(&case.fires.iter().collect::<Vec<_>>());
    let found = asked(rule, &records, &security(), &Places::default());
    let outcome = found.outcome(&rule.id).expect("an outcome");
    assert_eq!(outcome.verdict, RuleVerdict::NotEvaluated);
    assert_eq!(outcome.reason.as_deref(), Some("needs security.geoip_databases"));
}

#[test]
fn what_is_no_database_is_refused() {
    assert!(Places::open(vec![b"not a database".to_vec()]).is_err());
}
