//! How much work a message is, counted in instructions, which no neighbour and no other machine changes: grown by more than a
//! twentieth, it needs a note in `tests/data/instructions.toml`.
//!
//! gungraun would do the same with a program of its own beside valgrind, to be installed in the same version; what is wanted of
//! it is one number a message, which callgrind itself prints.

use acceptance::bounded::run;
use acceptance::data;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Growth that is still taken for chance: tables are seeded anew in each run.
const TOLERATED: f64 = 1.05;
/// What shrank so much has to be written down, or later growth goes unnoticed.
const STALE: f64 = 0.85;
/// Messages of each kind: many beside what happens once, few for a program that runs fifty times as long.
const MESSAGES: u64 = 400;
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn a_message_is_no_more_work_than_is_written_down() {
    let noted = fs::read_to_string(data("instructions.toml")).expect("the numbers");
    let noted = noted.lines().filter_map(|line| line.strip_prefix('"')?.split_once("\" = "));
    let mut counted = 0;
    for (name, number) in noted {
        let number: f64 = number.trim().parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let each = instructions(name);
        println!("{name}: {each:.0} instructions, {number:.0} noted");
        assert!(each <= number * TOLERATED, "{name}: {each:.0} instructions, {number:.0} noted in instructions.toml");
        assert!(
            each >= number * STALE,
            "{name}: {each:.0} instructions; note it in instructions.toml, {number:.0} is old"
        );
        counted += 1;
    }
    assert_eq!(counted, 2);
}

/// Of one message, without what the program does beside the edge.
fn instructions(name: &str) -> f64 {
    let finished = run(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--toggle-collect=*Inbound*receive*", "--callgrind-out-file=/dev/null"])
            .arg(example())
            .args([name, &MESSAGES.to_string()]),
        LIMIT,
    );
    assert_eq!(finished.code(), Some(0), "{}{}", finished.stdout, finished.stderr);
    let collected = finished.stderr.lines().find_map(|line| line.split_once("Collected :"));
    let collected = collected.unwrap_or_else(|| panic!("callgrind counted nothing: {}", finished.stderr)).1;
    collected.trim().parse::<f64>().expect("a number") / MESSAGES as f64
}

fn example() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test executable");
    let built = test.ancestors().nth(2).map(|profile| profile.join("examples/cost"));
    built
        .filter(|path| path.is_file())
        .expect("run `cargo build -p sip-edge --example cost` first; `cargo xtask test` does")
}
