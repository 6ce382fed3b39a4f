//! What the documentation tells a person to do works, as it stands.

use acceptance::bounded::Finished;
use acceptance::documentation::{Page, pages, repository};
use acceptance::{binary, sandbox};
use std::collections::BTreeSet;
use std::time::Duration;

/// Longest that all commands of a page may take on a busy machine.
const PAGE_LIMIT: Duration = Duration::from_secs(180);

/// Fences that hold something else than commands or configuration.
const OTHER_LANGUAGES: [&str; 5] = ["text", "json", "yaml", "html", "python"];

/// Commands that build or test this repository. They are run elsewhere: the first by `quickstart.rs`, the second is what
/// runs this test, and what the third builds is what is tested.
const CARGO_COMMANDS: [&str; 3] = ["cargo run --release -- quickstart", "cargo xtask test", "cargo build --release"];

#[test]
fn every_command_of_every_page_succeeds() {
    let mut ran = 0;
    for page in pages() {
        let commands: Vec<_> = page.blocks().into_iter().filter(|block| block.language == "sh").collect();
        if commands.is_empty() {
            continue;
        }
        let scripts: Vec<_> = commands.iter().map(|block| without_cargo(&page, &block.content)).collect();
        // The README's blocks are doors, of which one is taken; those of a page follow on each other.
        let sessions = if page.name == "README.md" { scripts } else { vec![scripts.concat()] };
        for script in sessions {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let Finished { status, stdout, stderr } = sandbox::run_script(folder.path(), &script, PAGE_LIMIT);
            assert!(status.is_some_and(|status| status.success()), "{}: {status:?}\n{stdout}\n{stderr}", page.name);
        }
        ran += commands.len();
    }
    assert!(ran > 0, "no page has a command");
}

/// The script without the commands that are run elsewhere.
fn without_cargo(page: &Page, script: &str) -> String {
    let kept = script.lines().filter(|line| {
        let is_cargo = line.trim_start().starts_with("cargo ");
        assert!(!is_cargo || CARGO_COMMANDS.contains(&line.trim()), "{}: nobody runs {line}", page.name);
        !is_cargo
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn every_configuration_file_is_accepted() {
    for page in pages() {
        for block in page.blocks().into_iter().filter(|block| block.language == "toml") {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let file = folder.path().join("sipwarden.toml");
            std::fs::write(&file, &block.content).expect("a file for the configuration");
            let checked = binary::sipwarden(&["config", "check", "--config", file.to_str().expect("a UTF-8 path")]);
            assert_eq!(checked.code(), Some(0), "{} line {}: {}", page.name, block.line, checked.stderr);
        }
    }
}

#[test]
fn every_block_says_what_it_is() {
    for page in pages() {
        for block in page.blocks() {
            let known = ["sh", "toml"].iter().chain(&OTHER_LANGUAGES).any(|language| block.language == *language);
            assert!(known, "{} line {}: a fence of {:?}", page.name, block.line, block.language);
            let hidden = |line: &&str| ["$ ", "sipwarden ", "curl "].iter().any(|start| line.starts_with(start));
            let hides = OTHER_LANGUAGES.contains(&block.language.as_str()) && block.content.lines().any(|l| hidden(&l));
            assert!(!hides, "{} line {}: a command that nothing runs; make it `sh`", page.name, block.line);
        }
    }
}

#[test]
fn every_command_and_option_in_a_sentence_exists() {
    let known = Vocabulary::of_the_binary();
    let mut looked_at = 0;
    for page in pages() {
        for code in page.inline_code() {
            let Some(words) = code.strip_prefix("sipwarden ") else { continue };
            let is_command =
                |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let command: Vec<_> = words.split(' ').take_while(is_command).collect();
            assert!(known.has_command(&command), "{}: there is no `{code}`", page.name);
            looked_at += 1;
        }
        for code in page.inline_code().iter().filter(|code| code.starts_with("--")) {
            let option = code.split([' ', '=']).next().unwrap_or_default();
            assert!(known.options.contains(option), "{}: no command has the option `{code}`", page.name);
        }
    }
    assert!(looked_at > 5, "only {looked_at} commands were found in sentences");
}

/// What the binary's own help names.
struct Vocabulary {
    commands: BTreeSet<Vec<String>>,
    options: BTreeSet<String>,
}

impl Vocabulary {
    fn of_the_binary() -> Self {
        let mut vocabulary = Self { commands: BTreeSet::new(), options: BTreeSet::new() };
        vocabulary.read(&[]);
        vocabulary
    }

    fn read(&mut self, command: &[String]) {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = binary::sipwarden(&arguments);
        assert_eq!(help.code(), Some(0), "{arguments:?}: {}", help.stderr);
        self.commands.insert(command.to_vec());
        let words = help.stdout.split(|c: char| !c.is_ascii_lowercase() && c != '-');
        self.options.extend(words.filter(|word| word.starts_with("--")).map(str::to_owned));
        let listed = help.stdout.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let names = listed.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
        for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
            self.read(&[command, &[name.to_owned()]].concat());
        }
    }

    /// Whether these words begin with a command, and go on with nothing that looks like a subcommand but is none.
    fn has_command(&self, words: &[&str]) -> bool {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let longest = (1..=words.len()).rev().find(|length| self.commands.contains(&words[..*length]));
        // What follows the longest command may be an argument, unless that command only holds others.
        longest.is_some_and(|length| {
            length == words.len()
                || !self.commands.iter().any(|known| known.len() > length && known.starts_with(&words[..length]))
        })
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        for link in page.relative_links() {
            assert!(page.folder.join(&link).exists(), "{}: nothing is at {link}", page.name);
        }
    }
}

#[test]
fn the_book_has_every_page() {
    let summary = std::fs::read_to_string(repository().join("docs/SUMMARY.md")).expect("docs/SUMMARY.md");
    let listed: BTreeSet<_> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let mut files: Vec<String> = Vec::new();
    for folder in ["", "decisions/"] {
        for entry in std::fs::read_dir(repository().join("docs").join(folder)).expect("a folder of docs") {
            let name = entry.expect("an entry").file_name().into_string().expect("a UTF-8 name");
            if name.ends_with(".md") && name != "SUMMARY.md" {
                files.push(format!("{folder}{name}"));
            }
        }
    }
    for file in &files {
        assert!(listed.contains(file.as_str()), "docs/SUMMARY.md leaves {file} out");
    }
}
