//! Holds the code to ARCHITECTURE.md: who may import whom, and where things may happen at all.
//!
//! Reads text only; links nothing of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The vocabulary, which every module may import.
const LEAVES: [&str; 5] = ["schema", "units", "period", "shell", "likeness"];

/// Modules that are stages of the pipeline.
const STAGES: &[&str] = &[
    "sources", "records", "store", "prices", "metrics", "insight", "audit", "report", "render",
    "deliver", "setup", "alerts",
];

/// What each module may import beside the vocabulary: the table of ARCHITECTURE.md.
const MAY_IMPORT: &[(&str, &[&[&str]])] = &[
    ("main", &[]), // it calls the library's `cli` by the crate's name
    ("lib", &[]),
    ("cli", &[&["settings", "pipeline", "aws"], STAGES]), // `aws` for how the user wants it reached
    ("settings", &[]),
    ("pipeline", &[&["aws"], STAGES]),
    ("aws", &[]),
    ("sources", &[&["aws"]]),
    ("setup", &[&["aws"]]),
    ("records", &[]),
    ("store", &[&["records"]]),
    ("prices", &[]),
    ("metrics", &[&["prices"]]),
    ("insight", &[&["metrics"]]),
    ("audit", &[&["metrics", "records"]]),
    ("alerts", &[&["metrics", "insight", "audit"]]),
    ("report", &[&["metrics", "insight", "audit"]]),
    ("render", &[&["report", "alerts"]]),
    ("deliver", &[&["aws"]]),
    ("schema", &[]),
    ("units", &[]),
    ("period", &[]),
    ("shell", &[]),
    ("likeness", &[]),
];

/// Modules that take everything as values: no file, network, clock or environment.
const PURE: [&str; 7] = ["metrics", "insight", "audit", "alerts", "report", "render", "prices"];

/// Crates that belong to one module each, or to a few.
const CRATES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("terminal_size", &["cli"]),
    ("anyhow", &["cli", "pipeline", "main"]),
    ("toml", &["settings", "prices", "insight", "alerts"]), // the configuration and data files
    ("etcetera", &["settings"]),
    ("walkdir", &["sources", "store"]),
    ("rusqlite", &["store"]),
    ("rayon", &["pipeline", "store"]),
    ("libdeflater", &["records"]),
    ("flate2", &["records"]),
    ("minijinja", &["render"]),
    ("plotters", &["render"]),
    ("csv", &["render"]),
    ("rust_xlsxwriter", &["render"]),
    ("css_inline", &["render"]),
    ("resvg", &["render"]),
    ("lettre", &["deliver"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("ring", &["audit", "records", "deliver"]),
    ("ureq", &["deliver"]),
    ("maxminddb", &["audit", "pipeline"]),
    ("serde_saphyr", &["audit"]),
    ("ipnet", &["schema", "settings"]),
    ("zip", &["sources", "pipeline", "render"]), // archived trails, audit packs
    ("tokio", AWS),
];

/// Modules at the edge to AWS: only they name its crates.
const AWS: &[&str] = &["aws", "sources", "deliver", "setup"];

/// A source file: its path below `src`, its module, its text.
struct Source {
    path: String,
    module: String,
    text: String,
}

impl Source {
    /// The text without comment lines.
    fn code(&self) -> String {
        let lines = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The code before the tests at the end of the file.
    fn code_without_tests(&self) -> String {
        let code = self.code();
        let tests = code.match_indices("#[cfg(test)]\nmod ").find(|(at, attribute)| {
            // Not a declaration (`mod tests;`) of tests in a file of their own.
            code[at + attribute.len()..].lines().next().is_some_and(|line| line.ends_with('{'))
        });
        tests.map_or(code.as_str(), |(at, _)| &code[..at]).to_owned()
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "fixture"))
    }

    /// How many modules deep it lies: 1 for `cli/mod.rs` and `units.rs`.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let root = repository().join("src");
    let sources: Vec<Source> = files_below(&root, "rs")
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(&root).expect("below src");
            let path = path.to_str().expect("UTF-8").replace('\\', "/");
            let module = path.split('/').next().expect("a name").trim_end_matches(".rs");
            let text = fs::read_to_string(&file).expect("a readable file");
            Source { module: module.to_owned(), path: path.clone(), text }
        })
        .collect();
    assert!(sources.len() > 50, "only {} source files found", sources.len());
    sources
}

/// Fails with every complaint at once.
#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Names right after `crate::`, in paths and in `use crate::{a, b::c}` lists.
fn imports(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let starts_name = |before: &str| {
        let last = before.chars().next_back();
        !last.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    for (at, found) in code.match_indices("crate::") {
        if !starts_name(&code[..at]) {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(first_names(list)),
            None => names.extend(name(rest)),
        }
    }
    names
}

/// The first name of every item of a list whose opening brace was just read.
fn first_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (1, Vec::new(), 0);
    for (at, c) in list.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 || depth == 1 && c == ',' {
            names.extend(name(list[start..at].trim_start()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn imports_are_read_from_paths_and_lists() {
    let code = "use crate::{a, b::{c, d}, e as f,};\nlet x = crate::g::h();\nuse ::mycrate::no;\n\
                use crate::{\n    i::j,\n    k,\n};";
    let found: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(found, ["a", "b", "e", "g", "i", "k"]);
}

#[test]
fn arrows_point_one_way() {
    let mut complaints = Vec::new();
    let mut edges = 0;
    for source in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(module, _)| *module == source.module)
        else {
            complaints.push(format!("src/{}: module not in the table", source.path));
            continue;
        };
        for import in imports(&source.code()) {
            let is_module = MAY_IMPORT.iter().any(|(module, _)| *module == import);
            let is_allowed = import == source.module
                || LEAVES.contains(&import.as_str())
                || allowed.iter().any(|group| group.contains(&import.as_str()));
            edges += u32::from(is_module);
            if is_module && !is_allowed {
                complaints.push(format!("src/{} imports `{import}`", source.path));
            }
        }
        let out = "super::".repeat(source.depth());
        if source.code_without_tests().contains(&out) && source.path != "lib.rs" {
            complaints.push(format!(
                "src/{} leaves its module through `{out}`; write `crate::`",
                source.path
            ));
        }
    }
    assert!(edges > 100, "only {edges} imports found");
    none(&complaints);
}

#[test]
fn the_vocabulary_imports_nothing_but_itself() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| LEAVES.contains(&source.module.as_str())) {
        for import in imports(&source.code()) {
            if MAY_IMPORT.iter().any(|(module, _)| *module == import)
                && !LEAVES.contains(&import.as_str())
            {
                complaints.push(format!("src/{} imports `{import}`", source.path));
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_module_says_first_what_it_knows() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("src/{} does not start with `//!`", source.path))
        .collect();
    none(&silent);
}

#[test]
fn column_names_are_written_in_the_schema_only() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.module != "schema" && !source.is_test()) {
        for (number, line) in source.code_without_tests().lines().enumerate() {
            if ["col(\"", "cols([\"", "col(r\""].iter().any(|literal| line.contains(literal)) {
                complaints.push(format!("src/{} ({number}): {}", source.path, line.trim()));
            }
        }
    }
    none(&complaints);
}

#[test]
fn pure_stages_touch_nothing_outside() {
    const OUTSIDE: [&str; 16] = [
        "std::fs",
        "net::Tcp", // an address alone is a value
        "net::Udp",
        "ToSocketAddrs",
        "std::env",
        "std::process",
        "std::io::std",
        "File::open",
        "fs::read",
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
        "env::var",
        "tempfile",
        "getrandom",
    ];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        if source.is_test() {
            continue;
        }
        let code = source.code_without_tests();
        for outside in OUTSIDE {
            if code.contains(outside) {
                complaints.push(format!("src/{} uses `{outside}`", source.path));
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_clock_and_the_environment_have_one_reader_each() {
    let readers = |needle: &str| -> Vec<String> {
        let sources = sources();
        let found = sources.iter().filter(|source| source.code_without_tests().contains(needle));
        found.map(|source| source.path.clone()).collect()
    };
    assert_eq!(readers("Utc::now("), ["cli/time.rs"]);
    assert_eq!(readers("env::var("), ["settings/mod.rs"]);
    assert_eq!(readers("Local::now("), Vec::<String>::new());
}

#[test]
fn nothing_prints_behind_the_back_of_the_command_line() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for print in ["println!", "print!", "eprintln!", "eprint!", "dbg!"] {
            // `eprintln!` holds `println!`: name each once.
            let code = source.code();
            let calls = code.match_indices(print).filter(|(at, _)| {
                !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            complaints.extend(calls.map(|_| format!("src/{} uses `{print}`", source.path)));
        }
    }
    none(&complaints);
}

#[test]
fn only_the_edges_talk_to_aws() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !AWS.contains(&source.module.as_str())) {
        for sdk in ["aws_sdk", "aws_config", "aws_smithy"] {
            if source.text.contains(sdk) {
                complaints.push(format!("src/{} names `{sdk}`", source.path));
            }
        }
    }
    none(&complaints);
}

#[test]
fn each_edge_to_the_world_is_in_its_module() {
    let mut complaints = Vec::new();
    for source in sources() {
        let code = source.code_without_tests();
        if source.is_test() {
            continue;
        }
        for (name, modules) in CRATES {
            let uses = code.match_indices(&format!("{name}::")).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c))
                    || code[..at].ends_with(" ::")
            });
            if uses && !modules.contains(&source.module.as_str()) {
                complaints.push(format!("src/{} uses `{name}`", source.path));
            }
        }
    }
    none(&complaints);
}

#[test]
fn templates_contain_no_arithmetic() {
    let mut complaints = Vec::new();
    let templates = files_below(&repository().join("report-templates"), "j2");
    assert!(!templates.is_empty());
    for template in templates {
        let text = fs::read_to_string(&template).expect("a readable template");
        for (open, close) in [("{{", "}}"), ("{%", "%}")] {
            for part in text.split(open).skip(1) {
                let inside = part.split(close).next().unwrap_or_default();
                let unquoted: String = inside.split('"').step_by(2).collect();
                let trimmed = unquoted.trim_matches('-');
                if trimmed.contains(['*', '/', '%', '+']) || trimmed.contains(" - ") {
                    complaints.push(format!("{}: {}", template.display(), inside.trim()));
                }
            }
        }
    }
    none(&complaints);
}
