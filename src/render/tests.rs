//! Whole reports in every format: laws that hold whatever the data.

use super::fixture::report;
use super::format::{Format, Script, parts};
use super::{Brand, Look, Templates, TextOptions, Theme, html, json, text};
use crate::report::parts::{
    Chart, Column, Finding, HeatCell, Prose, Report, RowRole, Severity, Span, Table, TableRow,
    Value,
};
use crate::units::Usd;

const HOSTILE: &str =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}\u{202e}&amp;";

fn page(report: &Report) -> String {
    html(report, &Look::default(), Theme::Auto).unwrap_or_else(|error| {
        panic!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string))
    })
}

/// Writes the fixture where `BEDROCK_LENS_PAGES` said at compile time, to look at it.
#[test]
fn the_fixture_renders_in_every_theme() {
    let folder = option_env!("BEDROCK_LENS_PAGES").map(std::path::Path::new);
    let keep = |name: &str, text: &str| {
        if let Some(folder) = folder {
            std::fs::write(folder.join(name), text).expect("written");
        }
    };
    for (theme, attribute) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let page = html(&report(), &Look::default(), theme).expect("rendered");
        assert!(page.contains(&format!("<html lang=\"en\" data-theme=\"{attribute}\">")));
        keep(&format!("{attribute}.html"), &page);
    }
    let auto = page(&report());
    assert!(auto.starts_with("<!doctype html>\n<html lang=\"en\"><head>"), "{}", &auto[..60]);
    keep("auto.html", &auto);
    keep("hostile.html", &page(&hostile()));
    keep("report.txt", &text(&report(), TextOptions::default()));
    keep("report.json", &json(&report()).expect("json"));
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = page(&report());
    for reference in ["http:", "https:", " src=", "url(", "@import", "<script", "<link", "//"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn every_element_is_closed_and_every_id_unique() {
    for report in [report(), hostile()] {
        let page = page(&report);
        assert_balanced(&page);
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id occurs twice");
        assert_eq!(page.matches("<h1").count(), 1);
    }
}

#[test]
fn hostile_text_stays_text_everywhere() {
    let page = page(&hostile());
    // A quote that broke out of an attribute would let the image through.
    for markup in ["<script", "<img", "\u{202e}"] {
        let found = page.find(markup).map(|at| page[at..].chars().take(60).collect::<String>());
        assert_eq!(found, None, "{markup}");
    }
    assert!(page.contains("{{ 7*7 }}"), "log text is not a template");
    let css = page.split("</style>").next().unwrap_or_default();
    assert!(!css.contains("<img") && !css.contains("alert(1)</"));
    let plain = text(&hostile(), TextOptions::default());
    assert!(plain.is_ascii() && !plain.contains('\u{1b}'));
}

#[test]
fn long_identifiers_are_capped_in_the_page_and_whole_in_json() {
    let long = "x".repeat(5_000);
    let mut report = report();
    report.sections[0].takeaway = Prose::default().value(Value::Id(long.clone()));
    assert!(!page(&report).contains(&"x".repeat(121)));
    assert!(page(&report).contains(&format!("{}…", "x".repeat(119))));
    assert!(json(&report).expect("json").contains(&long));
}

#[test]
fn printed_parts_sum_to_the_printed_total() {
    let format = Format::default();
    let mut checked = 0;
    for table in report().sections.iter().flat_map(|section| &section.tables) {
        let cells = parts::cells(table, &format);
        for (index, _) in table.columns.iter().enumerate().filter(|(_, column)| column.parts) {
            let sum_of = |wanted: fn(RowRole) -> bool| -> i64 {
                let rows = table.rows.iter().zip(&cells).filter(|(row, _)| wanted(row.role));
                rows.map(|(_, cells)| figure(&cells[index])).sum()
            };
            let parts = sum_of(|role| matches!(role, RowRole::Body | RowRole::Note));
            assert_eq!(parts, sum_of(|role| role == RowRole::Total), "{}", table.caption);
            checked += 1;
        }
    }
    assert!(checked >= 6, "{checked}");
}

#[test]
fn thirds_of_a_cent_are_shared_out() {
    let third = |n: i128| Value::Usd(Usd(n * 100_000_000_000_000 / 3));
    let row = |role, value: Value| TableRow { role, swatch: None, cells: vec![value.into()] };
    let mut rows: Vec<TableRow> = (0..3).map(|_| row(RowRole::Body, third(1))).collect();
    rows.push(row(RowRole::Total, Value::Usd(Usd(99_999_999_999_999))));
    let column = Column {
        key: "cost_usd",
        label: "Cost".into(),
        unit: None,
        align: crate::report::parts::Align::Right,
        parts: true,
    };
    let table = Table {
        caption: String::new(),
        show_caption: false,
        wide: false,
        columns: vec![column],
        rows,
    };
    let cells: Vec<String> = parts::cells(&table, &Format::default()).concat();
    assert_eq!(cells, ["$0.33", "$0.34", "$0.33", "$1.00"]);
}

#[test]
fn a_report_as_text_reads_as_before() {
    insta::assert_snapshot!(text(&report(), TextOptions::default()));
}

#[test]
fn text_fits_its_width_and_script() {
    for width in [80, 100] {
        let options = TextOptions { width, ..TextOptions::default() };
        let text = text(&report(), options);
        assert!(text.is_ascii());
        // Commands stay whole, so that they can be copied.
        for line in text.lines().filter(|line| !line.contains("bedrock-lens query")) {
            assert!(line.len() <= width, "{}: {line}", line.len());
        }
    }
    let unicode = TextOptions { script: Script::Unicode, ..TextOptions::default() };
    assert!(text(&report(), unicode).contains("−$17.14"));
}

#[test]
fn json_rows_have_the_keys_of_their_columns() {
    let text = json(&report()).expect("json");
    let value: serde_json::Value = serde_json::from_str(&text).expect("read back");
    let table = &value["sections"][0]["tables"][0];
    assert_eq!(table["columns"][2]["key"], "cost_usd");
    assert_eq!(table["rows"][0]["model"], "atlas-large-2");
    assert_eq!(table["rows"][0]["cost_usd"], "6809.91");
    assert_eq!(table["rows"][5]["cost_usd"], serde_json::Value::Null);
    assert_eq!(table["missing"][5]["cost_usd"], "not_priced");
    assert_eq!(table["roles"][6], "total");
    assert_eq!(json(&report()).expect("json"), text);
}

#[test]
fn the_style_sheet_defines_every_colour_of_the_charts() {
    let templates = Templates::default();
    let (_, css) = templates.iter().find(|(name, _)| *name == "style.css").expect("a style sheet");
    for ink in super::charts::style::palette() {
        let hex = format!("#{:02X}{:02X}{:02X}", ink.rgb.0, ink.rgb.1, ink.rgb.2);
        assert!(css.contains(&format!("--{}:{hex};", ink.token)), "{} {hex}", ink.token);
    }
}

#[test]
fn a_replaced_template_is_used_and_a_faulty_one_named() {
    let with =
        |name, text| Look { templates: Templates::default().with(name, text), ..Look::default() };
    let own = with("parts.html.j2", "{% macro words(x) %}");
    let error = html(&report(), &own, Theme::Auto).expect_err("faulty");
    assert_eq!(error.to_string(), "could not fill the report template `parts.html.j2`");
    let own = with("report.html.j2", "{{ title }} & {{ subtitle }}");
    let page = html(&report(), &own, Theme::Auto).expect("rendered");
    assert_eq!(page, "Weekly business report & week 46, 9–15 Nov 2026");
}

#[test]
fn a_brand_puts_its_name_logo_and_colour_into_the_page() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let brand = Brand::named(Some("Acme & <Sons>".to_owned()))
        .with_logo(svg)
        .and_then(|brand| brand.with_accent("#7a1f5f"))
        .expect("a brand");
    let look = Look { brand, ..Look::default() };
    let page = html(&report(), &look, Theme::Auto).expect("rendered");
    assert!(page.contains("Acme &amp; &lt;Sons&gt;"));
    assert!(page.contains("src=\"data:image/svg+xml;base64,"));
    assert!(page.contains(":root{--c1:#7A1F5F}"));
    assert!(!page.contains("<script"));
    assert_balanced(&page);
}

#[test]
fn findings_carry_their_severity_their_state_and_the_command_that_shows_them() {
    let mut report = report();
    report.sections[0].findings.push(Finding {
        id: "x".to_owned(),
        severity: Severity::Medium,
        title: Prose::text("A retry loop"),
        period: Some(crate::period::Period {
            from: super::fixture::at(11, 14),
            to: super::fixture::at(11, 16),
        }),
        detail: Prose::text("Spend: ").value(Value::Usd(Usd::parse("515").expect("money"))),
        state: Some("new"),
        query: "bedrock-lens query --by prompt_hash".to_owned(),
    });
    let html = page(&report);
    let text = text(&report, TextOptions::default());
    assert!(html.contains("Medium</span></th>") && html.contains("Wed 11 Nov 14:00 to 16:00"));
    assert!(text.contains("* A retry loop (medium, new)"), "{text}");
    assert!(text.contains("  Wed 11 Nov 14:00 to 16:00 UTC. Spend: $515.00"), "{text}");
    for form in [&html, &text] {
        assert!(form.contains("bedrock-lens query --by prompt_hash"));
    }
}

/// Cents or tenths of a percent or counts, as printed.
fn figure(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let size: i64 = digits.parse().unwrap_or(0);
    if text.starts_with('−') { -size } else { size }
}

/// Every opened element is closed in order.
fn assert_balanced(page: &str) {
    const VOID: [&str; 4] = ["meta", "br", "!doctype", "img"];
    let (head, rest) = page.split_once("<style>").expect("a style element");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let mut open: Vec<&str> = Vec::new();
    for part in [head, body].iter().flat_map(|text| text.split('<').skip(1)) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("cut tag: {part}"));
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closing </{name}>");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// The fixture with hostile text in every place that can hold a log's text.
fn hostile() -> Report {
    let bad = || HOSTILE.to_owned();
    let spoil = |prose: &mut Prose| {
        prose.0.push(Span::Text(bad()));
        prose.0.push(Span::Value(Value::Id(bad())));
        prose.0.push(Span::Strong(Value::Id(bad())));
        prose.0.push(Span::Value(Value::Code(bad())));
        prose.0.push(Span::Link("models", bad()));
    };
    let mut report = report();
    (report.title, report.subtitle, report.reproduce) = (bad(), bad(), bad());
    report.meta.push((bad(), bad()));
    spoil(&mut report.headline.lead);
    spoil(&mut report.trust.cells[0].detail);
    spoil(&mut report.attention[0].title);
    for kpi in &mut report.kpis {
        (kpi.label, kpi.target, kpi.note) = (bad(), bad(), Some(bad()));
        kpi.spark.summary.push((bad(), Value::Text(bad())));
    }
    for section in &mut report.sections {
        section.label = bad();
        spoil(&mut section.takeaway);
        section.queries.push(bad());
        section.notes.push(Prose::text(bad()));
        let mut title = Prose::default();
        spoil(&mut title);
        section.findings.push(Finding {
            id: bad(),
            severity: Severity::High,
            detail: title.clone(),
            title,
            period: None,
            state: None,
            query: bad(),
        });
        if let Some(empty) = &mut section.empty {
            spoil(&mut empty.why);
            empty.check = bad();
        }
        for table in &mut section.tables {
            table.caption = bad();
            table.columns[0].label = bad();
            table.rows[0].cells[0] = Value::Id(bad()).into();
        }
        if let Some(figure) = &mut section.figure {
            figure.title = bad();
            spoil(&mut figure.description);
            spoil(&mut figure.caption);
            spoil_chart(&mut figure.chart);
        }
    }
    report
}

fn spoil_chart(chart: &mut Chart) {
    let bad = || HOSTILE.to_owned();
    match chart {
        Chart::StackedColumns(chart) => {
            chart.series[0].label = bad();
            chart.groups[0].label = Prose::text(bad());
            chart.groups[0].columns[0].0 = bad();
        }
        Chart::HeatMap(chart) => {
            (chart.rows[0], chart.columns[0], chart.unit) = (bad(), bad(), bad());
            chart.cells[0][0] = HeatCell::NoLog;
        }
        Chart::DotRange(chart) => {
            chart.rows[0].label = bad();
            chart.target = Some((1.0, bad()));
        }
        Chart::HourlyColumns(chart) => {
            (chart.series[0].0, chart.days[0].1) = (bad(), bad());
            chart.burst = Some((0, 1, Prose::text(bad())));
        }
        Chart::HorizontalBars(chart) => chart.rows[0].label = bad(),
        Chart::DriverBars(chart) => chart.rows[0].label = bad(),
        Chart::ForecastLine(_) => {}
        Chart::MarkedLine(chart) => {
            (chart.unit, chart.days[0].1) = (bad(), bad());
            chart.marks[0].label = bad();
        }
        Chart::Ranges(chart) => chart.rows[0].label = bad(),
        Chart::SmallMultiples(chart) => chart.panels[0].label = bad(),
        Chart::EventStrip(chart) => {
            (chart.rows[0].id, chart.rows[0].label) = (bad(), bad());
        }
        Chart::ChainStrip(chart) => chart.rows[0].label = bad(),
    }
}
