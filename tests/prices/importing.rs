//! `prices import` as a user runs it, and the catalogue it writes in use.

use std::path::{Path, PathBuf};

use serde_json::{Value, json as value};

use super::{json, run, stderr, stdout};

/// A price list with one on-demand price per usage type.
fn list(service: &str, version: &str, skus: &[(&str, &str, &str, &str)]) -> Value {
    let mut products = serde_json::Map::new();
    let mut terms = serde_json::Map::new();
    for (number, (usage_type, name, unit, usd)) in skus.iter().enumerate() {
        let id = format!("SKU{number}");
        let name_field = if service == "AmazonBedrock" { "model" } else { "servicename" };
        products.insert(id.clone(), value!({ "sku": id, "productFamily": "Amazon Bedrock",
            "attributes": { "servicecode": service, "regionCode": "us-east-1", "locationType": "AWS Region",
                "usagetype": usage_type, "operation": "", name_field: name } }));
        terms.insert(id.clone(), value!({ format!("{id}.T"): { "offerTermCode": "T", "sku": id,
            "effectiveDate": "2026-11-01T00:00:00Z", "termAttributes": {}, "priceDimensions": {
                format!("{id}.T.D"): { "rateCode": format!("{id}.T.D"), "description": "", "beginRange": "0",
                    "endRange": "Inf", "unit": unit, "pricePerUnit": { "USD": usd }, "appliesTo": [] } } } }));
    }
    value!({ "formatVersion": "v1.0", "offerCode": service, "version": version,
        "publicationDate": "2026-11-10T17:00:00Z", "products": products, "terms": { "OnDemand": terms } })
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<str>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text.as_ref()).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

const NOVA: (&str, &str, &str, &str) =
    ("USE1-NovaPro-input-tokens", "Nova Pro", "1K tokens", "0.0009000000");

#[test]
fn an_imported_catalogue_prices_in_place_of_the_embedded_one() {
    let folder = Folder::new();
    folder.write(
        "lists/us-east-1/bedrock.json",
        list("AmazonBedrock", "20261110170000", &[NOVA]).to_string(),
    );
    let sonnet = "Claude Sonnet 4.5 (Amazon Bedrock Edition)";
    let models = [
        ("USE1-MP:USE1_OutputTokenCount-Units", sonnet, "1M tokens", "17.0000000000"),
        ("USE1-MP:USE1_InputTokenCount-Units", sonnet, "1M tokens", "3.3000000000"),
    ];
    folder.write(
        "lists/us-east-1/models.json",
        list("AmazonBedrockFoundationModels", "20261110180000", &models).to_string(),
    );
    folder.write("lists/region_index.json", r#"{"offerCode":"AmazonBedrock","regions":{}}"#);
    let (lists, book) = (folder.path("lists"), folder.path("book.json"));
    let done = json(None, &["import", text(&lists), "-o", text(&book), "--json"]);
    assert_eq!((&done["recognised"], &done["calls_changed"]), (&value!(3), &value!(2)));
    assert_eq!(done["files_passed_over"].as_array().map(Vec::len), Some(1));
    assert_eq!(done["written"], text(&book));

    let changes = stdout(&run(None, &["diff", "embedded", text(&book)]));
    let expected = [
        "+ amazon.nova-pro-v1:0 us-east-1 standard from 2026-11-01: input 0.9, output 3.2, cache read 0.2, cache write 0",
        "+ anthropic.claude-sonnet-4-5-20250929-v1:0 us-east-1 standard from 2026-11-01: input 3.3, output 17, cache read 0.33, cache write 4.125",
        "~ amazon.nova-pro-v1:0 us-east-1 standard: effective_to none → 2026-11-01",
    ];
    assert_eq!(changes.lines().collect::<Vec<_>>(), expected);

    let config = folder.write("lens.toml", "[prices]\nbook = \"book.json\"\n");
    let cost = |config: Option<&Path>, extra: &[&str], at: &str| {
        let asked = [
            "explain",
            "--model-id",
            "amazon.nova-pro-v1:0",
            "--region",
            "us-east-1",
            "--input-tokens",
            "1000000",
            "--at",
            at,
            "--json",
        ];
        json(config, &[&asked[..], extra].concat())
    };
    let config = Some(Path::new(&config));
    let now = cost(config, &[], "2026-11-01");
    assert_eq!(now["cost_usd"], "0.9");
    assert_eq!(now["source"]["sources"][0]["id"], "AmazonBedrock-20261110170000");
    assert_eq!(now["source"]["sources"][0]["date"], "2026-11-10");
    assert_eq!(now["book"]["age_days"], 12, "as of 2026-11-22");
    assert_eq!(cost(config, &[], "2026-10-31")["cost_usd"], "0.8", "history stays");
    assert_eq!(cost(None, &[], "2026-11-01")["cost_usd"], "0.8", "the embedded one");
    assert_eq!(cost(None, &["--book", text(&book)], "2026-11-01")["cost_usd"], "0.9");
    let check = json(config, &["check", "--json"]);
    assert_eq!(check["ok"], true);
    assert_eq!(check["catalogue"]["file"], text(&book));
    // Again, onto what was written: nothing is left to change.
    let again = json(config, &["import", text(&lists), "--dry-run", "--json"]);
    assert_eq!((&again["calls_changed"], &again["written"]), (&value!(0), &Value::Null));
}

#[test]
fn products_that_cannot_be_used_are_counted_and_named_and_the_rest_is_taken() {
    let folder = Folder::new();
    let skus = [
        NOVA,
        ("USE1-NovaLite-input-tokens", "Nova Lite", "1K tokens", "-0.1"),
        ("USE1-NovaMicro-input-tokens", "Nova Micro", "parsecs", "0.1"),
        ("USE1-Nova9-input-tokens", "Nova 9", "1K tokens", "0.1"),
        ("USE1-xai.grok-4.7-mantle-input-tokens-standard", "xai.grok-4.7", "1M tokens", "2"),
    ];
    let mut price_list = list("AmazonBedrock", "1", &skus);
    price_list["terms"]["OnDemand"].as_object_mut().expect("terms").remove("SKU3");
    let file = folder.write("list.json", price_list.to_string());
    let book = folder.path("book.json");
    let args = ["import", &file, "-o", text(&book)];
    let output = run(None, &args);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = stdout(&output);
    for line in [
        "recognised   1 of 5 products: 0 prices added, 1 changed, 0 as they were".to_owned(),
        "skipped      1 mantle_endpoint".to_owned(),
        "unusable     1 negative_price".to_owned(),
        format!("             SKU1 USE1-NovaLite-input-tokens in {file}: `-0.1`"),
        format!("             SKU2 USE1-NovaMicro-input-tokens in {file}: `parsecs` for tokens"),
        "unusable     1 unknown_model".to_owned(),
    ] {
        assert!(said.lines().any(|found| found == line), "`{line}` is not in\n{said}");
    }
    assert!(stderr(&output).contains("3 of 5 products could not be used"), "{}", stderr(&output));
    assert!(book.is_file());
    let strict = super::lens(None).arg("--strict").args(args).output().expect("the program runs");
    assert_eq!(strict.status.code(), Some(1));
}

#[test]
fn a_broken_or_foreign_file_stops_the_import_and_leaves_the_old_book() {
    let folder = Folder::new();
    let whole = list("AmazonBedrock", "1", &[NOVA]).to_string();
    let cut = folder.write("lists/cut.json", &whole[..whole.len() / 2]);
    let not_json = folder.write("notes.json", "sku;price");
    let other = folder.write("ec2.json", whole.replace("AmazonBedrock", "AmazonEC2"));
    let book = folder.write("book.json", "the old book");
    std::fs::create_dir(folder.path("empty")).expect("a folder");
    let cases = [
        (cut.clone(), "cut.json`", "line 1"),
        (folder.path("lists").to_str().expect("UTF-8").to_owned(), "cut.json`", "cut off?"),
        (not_json, "notes.json`", "line 1 column 1"),
        (other, "ec2.json`", "AmazonEC2"),
        (folder.path("none.json").to_str().expect("UTF-8").to_owned(), "none.json`", "os error"),
        (folder.path("empty").to_str().expect("UTF-8").to_owned(), "empty`", "region"),
    ];
    for (file, name, why) in cases {
        let output = run(None, &["import", &file, "-o", &book]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(name) && said.contains(why), "{name} {why}: {said}");
        assert_eq!(std::fs::read_to_string(&book).expect("the book"), "the old book");
    }
    let output = run(None, &["--book", &book, "list"]);
    assert_eq!(output.status.code(), Some(2), "a broken book isn't replaced by the embedded one");
    assert!(stderr(&output).contains("book.json"), "{}", stderr(&output));
    for wrong in [
        &["import", &cut][..],
        &["import", "-o", "x"],
        &["import", &cut, "-o", "x", "--name", "=y"],
    ] {
        assert_eq!(run(None, wrong).status.code(), Some(2), "{wrong:?}");
    }
}
