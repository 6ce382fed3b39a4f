//! Project chores, so that a contributor and the build machine run the same commands: `cargo xtask test`.

mod acceptance_targets;
mod bench;
mod debian_packages;
mod flame_graph;
mod javascript_libraries;
mod programs;
mod python_programs;
mod soak;
mod steps;
mod test_results;

use std::path::Path;
use std::process::ExitCode;
use steps::{Coverage, Steps};

const USAGE: &str =
    "usage: cargo xtask test [--fast | interop] | soak NAME [OPTION N] | bench [NAME [OPTION]] | flamegraph NAME [RECORD]

  test           everything that must hold: formatting, lints, all tests, real phones, schemathesis, documentation
  test --fast    the same without the real phones
  test interop   the real phones only
  soak NAME      a long run against the release build: flood [--seconds N], timing [--tries N],
                 mutate [--messages N], connections [--count N], calls [--count N]
  bench          every measurement of the release build, one after the other; what they give is written into
                 docs/performance.md and docs/images/performance
  bench NAME     one of them: registers [USERS | million], creates, lists [million], start [million], calls [kamailio]
  flamegraph NAME  a profile of the release build under load as a picture: register, create, call; or one of a
                 record of perf that is there

As root, `test` and `test interop` install the Debian packages of the phones that are missing; what comes from the npm
registry and the Python package index is installed below the target directory.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let coverage = match arguments.as_slice() {
        ["test"] => Coverage::Everything,
        ["test", "--fast"] => Coverage::WithoutInterop,
        ["test", "interop"] => Coverage::InteropOnly,
        ["soak", soak @ ..] if !soak.is_empty() => {
            return if soak::run(soak) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        ["bench"] => return if bench::run_all() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        ["bench", name, options @ ..] => {
            return if bench::run(name, options) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        ["flamegraph", name] => {
            return if flame_graph::run(name) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        ["flamegraph", name, record] => {
            let drawn = flame_graph::draw_record(name, Path::new(record));
            return if drawn { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        ["help" | "--help" | "-h"] | ["test", "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if Steps::new(coverage).run() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
