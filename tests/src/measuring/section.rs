//! Where results are written for people: a section of `docs/performance.md` between two comments.

use crate::documentation::repository;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// One section, made anew by each run of its benchmark.
#[derive(Debug)]
pub struct Section {
    name: &'static str,
    text: String,
}

impl Section {
    /// The section of that benchmark, which stands between `<!-- NAME -->` and `<!-- end of NAME -->`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, text: String::new() }
    }

    /// Adds a line, and prints it too.
    pub fn line(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }

    /// Writes it into the page, if the environment says so with `SIPWARDEN_BENCH_DOCS=write`.
    ///
    /// # Panics
    /// When the page has no such section.
    pub fn write(&self) {
        if std::env::var("SIPWARDEN_BENCH_DOCS").is_ok_and(|said| said == "write") {
            let path = repository().join("docs/performance.md");
            let page = fs::read_to_string(&path).expect("the page");
            let page =
                replaced(&page, self.name, &self.text).unwrap_or_else(|| panic!("no section {} there", self.name));
            fs::write(path, page).expect("a page that can be written");
        }
    }
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = page.find(&begin)? + begin.len();
    let stop = start + page.get(start..)?.find(&end)?;
    Some([page.get(..start)?, text, page.get(stop..)?].concat())
}

/// On what, and when: a machine's figures say nothing about another's.
#[must_use]
pub fn machine() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
    };
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    // What this program may use is less where it is bound to one.
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let date = said("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default();
    // Only whoever built it knows of which commit it is.
    let build = std::env::var("SIPWARDEN_BENCH_COMMIT")
        .map_or("a build that was there".to_owned(), |commit| format!("build of commit {commit}"));
    let kamailio = said("dpkg-query", &["-W", "-f", "${Version}", "kamailio"]).unwrap_or_default();
    let kernel = said("uname", &["-r"]).unwrap_or_default();
    format!(
        "{date}, {build}, on {model} ({count} virtual processors), Linux {kernel}, other work at a load of {load}; \
         Kamailio {kamailio}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_nothing_else() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n";
        assert_eq!(replaced(page, "x", "new\n").unwrap(), "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n");
        assert_eq!(replaced(page, "y", "new\n"), None);
    }

    #[test]
    fn every_benchmark_has_its_section() {
        let page = fs::read_to_string(repository().join("docs/performance.md")).expect("the page");
        for name in ["registers", "creates", "lists", "start", "calls"] {
            assert!(replaced(&page, name, "").is_some(), "{name}");
        }
    }
}
