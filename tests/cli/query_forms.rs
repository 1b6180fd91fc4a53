//! `query`: files and pictures: XLSX, Parquet, `-o`, charts, the trust line, SQL in every form.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, binary, gzip, sample_store};

/// Reads a workbook with nothing but Python's own modules: the sheet's cells with their types.
const READ_XLSX: &str = r"
import json, re, sys, zipfile
from xml.etree import ElementTree
book = zipfile.ZipFile(sys.argv[1])
assert book.testzip() is None
ns = {'m': 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'}
texts = []
if 'xl/sharedStrings.xml' in book.namelist():
    for item in ElementTree.fromstring(book.read('xl/sharedStrings.xml')).findall('m:si', ns):
        texts.append(''.join(t.text or '' for t in item.iter('{%s}t' % ns['m'])))
sheet = ElementTree.fromstring(book.read('xl/worksheets/sheet1.xml'))
rows = []
for row in sheet.find('m:sheetData', ns):
    cells = {}
    for cell in row:
        assert cell.find('m:f', ns) is None, 'a formula'
        value = cell.find('m:v', ns)
        if value is None:
            continue
        column = re.sub('[0-9]', '', cell.get('r'))
        cells[column] = texts[int(value.text)] if cell.get('t') == 's' else float(value.text)
    rows.append(cells)
pane = sheet.find('m:sheetViews/m:sheetView/m:pane', ns)
filters = sheet.find('m:autoFilter', ns)
print(json.dumps({'rows': rows, 'frozen': pane.get('ySplit') if pane is not None else None,
                  'filter': filters.get('ref') if filters is not None else None}))
";

fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    let named = |id, name: &str| Record { tags: json!({"team": name}), ..Record::numbered(id) };
    let text: String = ["=1+1", "@SUM(A1)", "+1", "plain"]
        .iter()
        .zip(1..)
        .map(|(name, id)| named(id, name).line())
        .collect();
    let source = sandbox.write("logs/records.json.gz", gzip(text));
    sandbox.ingest(&source, 0);
    sandbox
}

#[test]
fn a_workbook_has_typed_cells_a_frozen_head_and_no_formulas() {
    let sandbox = hostile();
    let args = ["query", "--by", "tag:team", "--metrics", "requests,cost_usd,error_rate"];
    let more = ["--format", "xlsx", "-o", "teams.xlsx"];
    let outcome = sandbox.run([&args as &[&str], &more].concat()).exits(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", "wrote teams.xlsx\n"));
    let path = sandbox.work().join("teams.xlsx");
    let book: Value = serde_json::from_str(&sandbox.python(READ_XLSX, [&path])).expect("JSON");
    assert_eq!((&book["frozen"], &book["filter"]), (&json!("1"), &json!("A1:D5")));
    let rows = book["rows"].as_array().expect("rows");
    assert_eq!(
        rows[0],
        json!({"A": "tag:team", "B": "requests", "C": "cost_usd", "D": "error_rate"})
    );
    let teams: Vec<&str> = rows[1..].iter().filter_map(|row| row["A"].as_str()).collect();
    assert_eq!(teams, ["+1", "=1+1", "@SUM(A1)", "plain"], "text as it is, and never run");
    // 100 input tokens at 0.25 and 20 output tokens at 1.25 dollars a million.
    for row in &rows[1..] {
        assert_eq!((row["B"].as_f64(), row["D"].as_f64()), (Some(1.0), Some(0.0)));
        assert!((row["C"].as_f64().expect("a number") - 0.00005).abs() < 1e-15, "{row}");
    }
    let again = sandbox.run([&args as &[&str], &["--format", "xlsx", "-o", "again.xlsx"]].concat());
    again.exits(0);
    let bytes = |name: &str| fs::read(sandbox.work().join(name)).expect("the file");
    assert_eq!(bytes("teams.xlsx"), bytes("again.xlsx"), "the same answer, the same bytes");
}

#[test]
fn parquet_has_the_types_of_the_columns_and_exact_money() {
    use polars::prelude::{DataType, ParquetReader, SerReader};
    let sandbox = sample_store();
    let path = sandbox.path().join("models.parquet");
    let file = path.to_str().expect("UTF-8");
    let question = ["query", "--by", "model,weekday", "--metrics", "requests,cost_usd,error_rate"];
    let summaries = ["--limit", "3", "--totals", "--format"];
    sandbox.run([&question as &[&str], &summaries, &["parquet", "-o", file]].concat()).exits(0);
    let frame =
        ParquetReader::new(fs::File::open(&path).expect("the file")).finish().expect("Parquet");
    let types: Vec<DataType> = frame.dtypes();
    let expected = [
        DataType::String,
        DataType::Int64,
        DataType::Int64,
        DataType::String,
        DataType::Float64,
        DataType::String,
    ];
    assert_eq!(types, expected);
    let rows = sandbox.run([&question as &[&str], &summaries, &["json"]].concat()).exits(0).json();
    let cost = frame.column("cost_usd").expect("the column").str().expect("text").clone();
    let expected: Vec<Option<&str>> =
        rows.as_array().expect("rows").iter().map(|row| row["cost_usd"].as_str()).collect();
    assert_eq!(cost.iter().collect::<Vec<_>>(), expected);
    fs::remove_file(path).expect("removed");
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let sandbox = hostile();
    sandbox.write("work/out.csv", "old");
    sandbox.run(["query", "--by", "tag:team", "--format", "csv", "-o", "out.csv"]).exits(0);
    let written = fs::read_to_string(sandbox.work().join("out.csv")).expect("the file");
    assert!(written.starts_with("tag:team,requests"), "{written}");
    let outcome = sandbox.run(["query", "-o", "nowhere/out.csv"]).exits(1);
    assert!(outcome.stderr.contains("could not write `nowhere/out.csv`"), "{}", outcome.stderr);
    let left: Vec<_> = fs::read_dir(sandbox.work()).expect("the folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let to_stdout = sandbox.run(["query", "--format", "csv", "-o", "-"]).exits(0);
    assert!(to_stdout.stdout.starts_with("requests,"), "{}", to_stdout.stdout);
}

#[test]
fn forms_that_are_not_text_are_kept_from_terminals() {
    const ON_A_TERMINAL: &str = "
import os, pty, sys
out = []
def read(fd):
    data = os.read(fd, 65536)
    out.append(data)
    return b''
pty.spawn(sys.argv[1:], read, lambda fd: b'')
sys.stdout.write('refused' if b'name a file with' in b''.join(out) else 'written')
";
    let sandbox = hostile();
    let mut command = sandbox.command("python3");
    command.args(["-c", ON_A_TERMINAL]).arg(binary()).arg("--store").arg(sandbox.store());
    command.args(["query", "--format", "parquet"]);
    assert_eq!(sandbox.outcome(&mut command).exits(0).stdout, "refused");
    sandbox.run(["query", "--chart", "--format", "json"]).exits(2);
}

#[test]
fn sql_answers_in_every_form() {
    let sandbox = sample_store();
    let sql = "select event_time, model, latency_ms, cost_units, status = 'ok' as fine from costs \
               order by event_time, request_id limit 3";
    for format in ["table", "csv", "json", "ndjson"] {
        let answer = sandbox.run(["query", "--format", format, "--sql", sql]).exits(0);
        assert!(answer.stdout.lines().count() >= 3, "{}", answer.stdout);
        assert_eq!(answer.stderr, "");
    }
    for format in ["xlsx", "parquet"] {
        let path = sandbox.path().join(format!("sql.{format}"));
        let file = path.to_str().expect("UTF-8");
        sandbox.run(["query", "--format", format, "-o", file, "--sql", sql]).exits(0);
        assert!(fs::metadata(&path).expect("the file").len() > 100);
        fs::remove_file(path).expect("removed");
    }
}

#[test]
fn names_that_sql_does_not_know_get_the_nearest() {
    for (sql, meant) in [
        ("select modle from invocations", "did you mean `model`?"),
        ("select * from invocatons", "did you mean `invocations`?"),
        ("select cost_unit from costs", "did you mean `cost_units`?"),
    ] {
        let outcome = sample_store().run(["query", "--sql", sql]).exits(2);
        assert!(outcome.stderr.contains(meant), "{sql}: {}", outcome.stderr);
    }
}

#[test]
fn what_the_table_rests_on_is_said_below_it() {
    let sandbox = sample_store();
    let range = ["query", "--from", "2026-11-09", "--to", "2026-11-23", "--compare", "previous"];
    let outcome = sandbox.run(range).exits(0);
    assert_eq!(
        outcome.stderr,
        "period covered 7 of 14 days  compared with 7 of 14 days  price coverage 99.44%  \
         objects read / rejects 159 / 0\n"
    );
    assert_eq!(sandbox.run([&["-q"], &range as &[&str]].concat()).exits(0).stderr, "");
}

#[test]
fn charts_are_drawn_in_blocks() {
    let sandbox = sample_store();
    let draw = |args: &[&str]| sandbox.run([&["query", "--chart"], args].concat()).exits(0).stdout;
    let bars = draw(&["--by", "region", "--metrics", "requests,cost_usd", "--totals"]);
    let lines = draw(&["--by", "day", "--metrics", "requests,cost_usd,latency_p95_ms"]);
    let groups = draw(&["--by", "region,day", "--metrics", "cost_usd"]);
    insta::assert_snapshot!(format!("{bars}\n{lines}\n{groups}"));
}
