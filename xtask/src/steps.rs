//! The steps of `cargo xtask test`, in order, each announced and timed. A failing step does not hide the later ones,
//! except that nothing is tested that could not be built.

use crate::acceptance_targets;
use crate::debian_packages;
use crate::javascript_libraries;
use crate::python_programs;
use crate::test_results::TestResults;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    Everything,
    /// No real phones.
    WithoutInterop,
    /// Nothing but real phones.
    InteropOnly,
}

/// One run of the steps, and what it has found so far.
pub struct Steps {
    coverage: Coverage,
    root: PathBuf,
    cargo: OsString,
    results: TestResults,
    failed_steps: Vec<&'static str>,
}

impl Steps {
    /// A run on the repository that this program was built from.
    pub fn new(coverage: Coverage) -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            coverage,
            root: manifest.parent().unwrap_or(manifest).to_owned(),
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            results: TestResults::default(),
            failed_steps: Vec::new(),
        }
    }

    /// Takes every step and prints the sum as the last line; `true` if nothing failed.
    pub fn run(mut self) -> bool {
        let started = Instant::now();
        if self.coverage != Coverage::InteropOnly {
            self.step("formatting", |run| run.cargo(&["fmt", "--all", "--check"]));
            self.step("lints", |run| {
                run.cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
            });
            self.step("licences and bans", Self::cargo_deny);
        }
        if self.coverage != Coverage::WithoutInterop {
            self.step("phones", |_| debian_packages::provide());
            self.step("Python programs", |run| python_programs::provide(&run.target()));
            self.step("JavaScript libraries", |run| javascript_libraries::provide(&run.root, &run.target()));
        }
        if self.step("build", |run| run.cargo(&["build", "--workspace", "--bins", "--examples", "--locked"])) {
            self.test();
        }
        if self.coverage != Coverage::InteropOnly {
            self.step("documentation", |run| run.cargo(&["doc", "--workspace", "--no-deps", "--locked"]));
        }
        self.report(started)
    }

    fn test(&mut self) {
        const WORKSPACE: [&str; 4] = ["test", "--workspace", "--locked", "--no-fail-fast"];
        match self.coverage {
            Coverage::Everything => {
                // Built at once: two builds at a time would wait for one another.
                let built =
                    self.step("test programs", |run| run.cargo(&["test", "--workspace", "--locked", "--no-run"]));
                let tested = built && self.step("tests", |run| run.cargo_test_in_two_lanes(&WORKSPACE));
                tested && self.step("documentation tests", |run| run.cargo_test(&[&WORKSPACE[..], &["--doc"]].concat()))
            }
            Coverage::InteropOnly => self.step("interop", |run| {
                let interop = format!("{}*", acceptance_targets::INTEROP_PREFIX);
                run.cargo_test(&[&WORKSPACE[..], &["--test", &interop]].concat())
            }),
            Coverage::WithoutInterop => {
                self.step("tests", |run| {
                    let targets = acceptance_targets::all_but_interop(&run.root);
                    let chosen = targets.iter().flat_map(|target| ["--test", target]);
                    let arguments = WORKSPACE.into_iter().chain(["--lib", "--bins"]).chain(chosen).collect::<Vec<_>>();
                    run.cargo_test(&arguments)
                });
                self.step("documentation tests", |run| run.cargo_test(&[&WORKSPACE[..], &["--doc"]].concat()))
            }
        };
    }

    fn step(&mut self, name: &'static str, action: impl FnOnce(&mut Self) -> bool) -> bool {
        println!("\n=== {name}");
        let started = Instant::now();
        let passed = action(self);
        let outcome = if passed { "passed" } else { "FAILED" };
        println!("=== {name} {outcome} after {:.1} s", started.elapsed().as_secs_f64());
        if !passed {
            self.failed_steps.push(name);
        }
        passed
    }

    fn report(&self, started: Instant) -> bool {
        println!("\ntook {:.0} s", started.elapsed().as_secs_f64());
        if !self.failed_steps.is_empty() {
            println!("failed steps: {}", self.failed_steps.join(", "));
        }
        if self.results.ignored > 0 {
            println!("{} tests are ignored: every test must run", self.results.ignored);
        }
        println!("{} passed, {} failed", self.results.passed, self.results.failed);
        self.failed_steps.is_empty() && self.results.failed == 0 && self.results.ignored == 0
    }

    /// Where cargo builds, and so where this program was built.
    fn target(&self) -> PathBuf {
        let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        self.root.join(given.unwrap_or_else(|| "target".into()))
    }

    fn cargo_deny(&mut self) -> bool {
        let there = Command::new("cargo-deny").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.is_ok_and(|status| status.success()) {
            self.cargo(&["deny", "--locked", "check"])
        } else {
            println!("skipped: cargo-deny is not installed (cargo install cargo-deny)");
            true
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.args(arguments).current_dir(&self.root);
        if arguments.first() == Some(&"doc") {
            command.env("RUSTDOCFLAGS", "-D warnings");
        }
        println!("$ cargo {}", arguments.join(" "));
        command
    }

    fn cargo(&self, arguments: &[&str]) -> bool {
        match self.command(arguments).status() {
            Ok(status) => status.success(),
            Err(error) => cannot_start(&error),
        }
    }

    /// Runs tests, passing their output through while adding up what it says.
    fn cargo_test(&mut self, arguments: &[&str]) -> bool {
        let mut results = TestResults::default();
        let passed = test_run(self.command(arguments), |line| {
            println!("{line}");
            results.read(line);
        });
        self.results.add(&results);
        passed
    }

    /// Runs all tests that are built already, those that mostly wait beside the others; what the former say is shown when
    /// the latter are done.
    fn cargo_test_in_two_lanes(&mut self, workspace: &[&str]) -> bool {
        let others = acceptance_targets::all_but_patient(&self.root);
        let others = others.iter().flat_map(|target| ["--test", target]);
        let others: Vec<_> = workspace.iter().copied().chain(["--lib", "--bins"]).chain(others).collect();
        let patient = acceptance_targets::PATIENT.iter().flat_map(|target| ["--test", target]);
        let patient = self.command(&workspace.iter().copied().chain(patient).collect::<Vec<_>>());
        let beside = thread::spawn(move || {
            let mut lines = Vec::new();
            let passed = test_run(patient, |line| lines.push(line.to_owned()));
            (passed, lines)
        });
        let passed = self.cargo_test(&others);
        let Ok((beside_passed, lines)) = beside.join() else { return false };
        println!("\nWhat ran beside them:");
        for line in lines {
            println!("{line}");
            self.results.read(&line);
        }
        passed && beside_passed
    }
}

/// Runs a test command to its end, handing over its output line by line; `true` if all passed.
fn test_run(mut command: Command, mut each: impl FnMut(&str)) -> bool {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return cannot_start(&error),
    };
    let lines = child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).split(b'\n'));
    for line in lines.map_while(Result::ok) {
        each(&String::from_utf8_lossy(&line));
    }
    child.wait().is_ok_and(|status| status.success())
}

fn cannot_start(error: &std::io::Error) -> bool {
    println!("cargo cannot be started: {error}");
    false
}
