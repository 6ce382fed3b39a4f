//! `cargo xtask flamegraph NAME`: where the processor time of one kind of work goes, as a picture in the documentation.

use crate::programs::{build_release, cargo, succeeds};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Narrower frames would be less than a pixel wide.
const LEAST_SHARE: f64 = 0.000_8;
const WIDTH: f64 = 1_200.0;
const ROW: f64 = 16.0;

/// Profiles the server under the load of a benchmark and draws `docs/images/performance/NAME-flame.svg`.
pub fn run(name: &str) -> bool {
    // Which benchmark, and which of its works.
    let bench = match name {
        "register" => ["registers", "10000"],
        "create" => ["creates", "64"],
        "call" => ["calls", "sipwarden"],
        _ => {
            eprintln!("there is a flame graph of register, create and call");
            return false;
        }
    };
    if !succeeds(Command::new("perf").arg("--version").stdout(Stdio::null())) {
        eprintln!("perf is missing: apt-get install linux-perf");
        return false;
    }
    let Some(release) = build_release() else { return false };
    let record = release.join(format!("{name}.perf"));
    let [program, options @ ..] = bench;
    let mut run = cargo();
    run.args(["bench", "--locked", "--package", "acceptance", "--bench", program, "--"]).args(options);
    run.env("SIPWARDEN_BINARY", release.join("sipwarden")).env("SIPWARDEN_BENCH_PROFILE", &record);
    // What a target was missed by is not of interest here; without a record there is nothing to draw.
    let _ = succeeds(&mut run);
    draw_record(name, &record)
}

/// Draws the same picture of a record that perf made before.
pub fn draw_record(name: &str, record: &Path) -> bool {
    let Some(stacks) = folded(record) else {
        eprintln!("nothing was recorded at {}", record.display());
        return false;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images/performance");
    let picture = folder.join(format!("{name}-flame.svg"));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&picture, draw(name, &stacks)));
    if let Err(error) = &written {
        eprintln!("{} cannot be written: {error}", picture.display());
    }
    written.is_ok()
}

/// Every stack with how often it was seen, from what `perf script` prints.
fn folded(record: &Path) -> Option<BTreeMap<Vec<String>, u64>> {
    let mut child = Command::new("perf")
        .args(["script", "--no-inline", "-F", "ip,sym", "-i"])
        .arg(record)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let lines = BufReader::new(child.stdout.take()?).lines().map_while(Result::ok);
    let stacks = fold(lines);
    let _ = child.wait();
    (!stacks.is_empty()).then_some(stacks)
}

fn fold(lines: impl Iterator<Item = String>) -> BTreeMap<Vec<String>, u64> {
    let (mut stacks, mut stack) = (BTreeMap::new(), Vec::new());
    for line in lines.chain([String::new()]) {
        match line.trim().split_once(' ') {
            Some((_, symbol)) => stack.push(short(symbol)),
            None if !stack.is_empty() => {
                stack.reverse();
                *stacks.entry(std::mem::take(&mut stack)).or_insert(0) += 1;
            }
            None => {}
        }
    }
    stacks
}

/// A symbol without its crate's hash and without what it is generic over; of a trait's method, the type that has it.
fn short(symbol: &str) -> String {
    let implemented = symbol.strip_prefix('<').and_then(|rest| rest.split_once(" as "));
    let (start, rest) = match implemented.and_then(|(kind, rest)| Some((kind, rest.rsplit_once(">::")?.1))) {
        Some((kind, method)) => (kind, format!("::{method}")),
        None => (symbol, String::new()),
    };
    let (mut text, mut depth) = (String::new(), 0_u32);
    for character in start.chars().chain(rest.chars()) {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(character),
            _ => {}
        }
    }
    let text = text.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(text.as_str(), |(name, _)| name);
    // What is left of `Directory<…>::<impl …>::method` has a place with nothing in it.
    text.replace("::::", "::").trim_start_matches("::").chars().take(80).collect()
}

/// A frame with what it called.
#[derive(Default)]
struct Frame {
    count: u64,
    below: BTreeMap<String, Frame>,
}

fn draw(name: &str, stacks: &BTreeMap<Vec<String>, u64>) -> String {
    let mut all = Frame::default();
    for (stack, count) in stacks {
        all.count += count;
        let mut frame = &mut all;
        for symbol in stack {
            frame = frame.below.entry(symbol.clone()).or_default();
            frame.count += count;
        }
    }
    let total = all.count.max(1) as f64;
    let rows = depth(&all, total);
    let height = (rows as f64 + 2.0) * ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"monospace\" \
         font-size=\"11\">\n<title>Where the processor time of {name} goes: {} samples</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        all.count
    );
    write_frames(&mut svg, &all, (0.0, height - 2.0 * ROW), total);
    svg.push_str("</svg>\n");
    svg
}

fn is_visible(frame: &Frame, total: f64) -> bool {
    frame.count as f64 / total >= LEAST_SHARE
}

fn depth(frame: &Frame, total: f64) -> usize {
    let below = frame.below.values().filter(|frame| is_visible(frame, total));
    below.map(|frame| 1 + depth(frame, total)).max().unwrap_or(0)
}

fn write_frames(svg: &mut String, frame: &Frame, (mut x, y): (f64, f64), total: f64) {
    for (symbol, frame) in &frame.below {
        let width = frame.count as f64 / total * WIDTH;
        if is_visible(frame, total) {
            let shown = escaped(symbol);
            let _ = write!(
                svg,
                "<g><title>{shown}: {:.1} %</title><rect x=\"{x:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"15\" fill=\"{}\"/>",
                frame.count as f64 / total * 100.0,
                (width - 0.3).max(0.3),
                colour(symbol)
            );
            let room = (width / 6.7) as usize;
            if room > 4 {
                let last = symbol.rsplit("::").next().unwrap_or(symbol);
                let text: String =
                    (if symbol.len() <= room { symbol.as_str() } else { last }).chars().take(room).collect();
                let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.0}\">{}</text>", x + 2.0, y + 11.5, escaped(&text));
            }
            svg.push_str("</g>\n");
            write_frames(svg, frame, (x, y - ROW), total);
        }
        x += width;
    }
}

/// What is the kernel's, what is ours, and the rest.
fn colour(symbol: &str) -> &'static str {
    const OURS: [&str; 10] = [
        "sip_",
        "directory",
        "storage",
        "provisioning",
        "http_api",
        "event_log",
        "keyring",
        "domain",
        "sipwarden",
        "call_journal",
    ];
    match symbol {
        _ if OURS.iter().any(|name| symbol.starts_with(name)) => "#8fcfb4",
        _ if symbol.contains("::") => "#f2c48d",
        _ => "#c9cfe8",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_counted_and_drawn() {
        let lines =
            ["  1 sip_edge::gate::admit", "  2 main", "", "  3 sip_edge::gate::admit", "  4 main", "", "  5 main"];
        let stacks = fold(lines.into_iter().map(str::to_owned));
        assert_eq!(stacks.get(&vec!["main".to_owned(), "sip_edge::gate::admit".to_owned()]), Some(&2));
        let svg = draw("x", &stacks);
        assert!(svg.contains("sip_edge::gate::admit: 66.7 %") && svg.contains("main: 100.0 %"), "{svg}");
    }

    #[test]
    fn symbols_are_shortened() {
        assert_eq!(short("core::ops::FnOnce::call_once::h0123456789abcdef"), "core::ops::FnOnce::call_once");
        assert_eq!(short("<sip_edge::edge::Edge as sip_transport::Inbound>::receive"), "sip_edge::edge::Edge::receive");
        assert_eq!(short("alloc::vec::Vec<u8>::push"), "alloc::vec::Vec::push");
        assert_eq!(short("[unknown]"), "[unknown]");
    }
}
