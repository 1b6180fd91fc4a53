//! Commands that stand in files beside the code: each must be one that this command line takes.

use std::path::Path;

use clap::Parser;

use super::Cli;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file")
}

#[track_caller]
fn takes(file: &str, words: &[String]) {
    let words = std::iter::once("bedrock-lens".to_owned()).chain(words.iter().cloned());
    let words: Vec<String> = words.collect();
    if let Err(error) = Cli::try_parse_from(&words) {
        let is_help = matches!(error.kind(), clap::error::ErrorKind::DisplayHelp);
        assert!(is_help, "{file}: {}\n{error}", words.join(" "));
    }
}

/// The words of a command line, quotes obeyed, up to where the shell does something else.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, ';' | '|' | '&' | '>' | '#') => break,
            (None, ' ') if word.is_empty() => {}
            (None, ' ') => words.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// The commands of the tool in a line.
fn commands(line: &str) -> Vec<Vec<String>> {
    let after = line.split("bedrock-lens ").skip(1);
    after.map(words).filter(|words| !words.is_empty()).collect()
}

#[test]
fn units_crontab_and_cron_job_name_commands_that_there_are() {
    let mut found = 0;
    for (file, marks) in [
        ("deploy/systemd/bedrock-lens.service", "ExecStart="),
        ("deploy/crontab", "/usr/local/bin/bedrock-lens"),
    ] {
        for line in text(file).lines().filter(|line| !line.starts_with('#') && line.contains(marks))
        {
            for command in commands(line) {
                takes(file, &command);
                found += 1;
            }
        }
    }
    let job = "deploy/kubernetes/cronjob.yaml";
    for line in text(job).lines().filter_map(|line| line.trim().strip_prefix("args: ")) {
        takes(job, &serde_json::from_str::<Vec<String>>(line).expect("a list of words"));
        found += 1;
    }
    let schedule = "src/setup/templates/schedule.yaml";
    let command = text(schedule);
    let command = command.split("  Command:\n").nth(1).expect("the parameter");
    let command = command.lines().find_map(|line| line.trim().strip_prefix("Default: "));
    let command: Vec<String> = command.expect("a default").split(',').map(str::to_owned).collect();
    takes(schedule, &command);
    assert!(found >= 8, "only {found} commands found");
}

#[test]
fn the_image_starts_the_tool_with_a_command_that_there_is() {
    let file = "deploy/Dockerfile";
    let whole = text(file).replace("\\\n#", " ");
    let mut found = 0;
    for line in whole.lines() {
        if let Some(list) = line.strip_prefix("CMD ") {
            takes(file, &serde_json::from_str::<Vec<String>>(list).expect("a list"));
            found += 1;
        } else if let Some((_, command)) = line.split_once("docker run ") {
            let (_, command) = command.rsplit_once(" bedrock-lens ").expect("the image's name");
            takes(file, &words(command));
            found += 1;
        }
    }
    assert_eq!(found, 2);
}

#[test]
fn the_page_on_operating_names_commands_that_there_are() {
    let file = "docs/operating.md";
    let whole = text(file).replace("\\\n", " ");
    let mut found = 0;
    let mut in_block = false;
    for line in whole.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block && line.starts_with("bedrock-lens ") {
            for command in commands(line) {
                takes(file, &command);
                found += 1;
            }
        }
    }
    assert!(found >= 10, "only {found} commands found");
}
