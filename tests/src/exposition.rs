//! A strict reader of what Prometheus scrapes: the text format 0.0.4, and OpenMetrics 1.0.0 as far as it differs.
//!
//! What a lenient scraper would forgive is a panic here.

use std::collections::{BTreeMap, BTreeSet};

/// A label set.
pub type Labels = BTreeMap<String, String>;

/// How the page claims to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// The text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

/// One metric with its samples.
#[derive(Clone, Debug)]
pub struct Family {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The values, by full sample name and labels.
    pub samples: BTreeMap<(String, Labels), f64>,
}

/// A whole page, by metric name; a counter's has its `_total` in both formats.
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    /// Every metric.
    pub families: BTreeMap<String, Family>,
}

impl Exposition {
    /// Reads a page.
    ///
    /// # Panics
    /// At the first line that is not as the format says.
    #[must_use]
    pub fn parse(page: &str, format: Format) -> Self {
        assert!(page.ends_with('\n') && !page.contains('\r'), "lines end in a line feed: {page:?}");
        let mut lines: Vec<_> = page.lines().collect();
        if format == Format::OpenMetrics {
            assert_eq!(lines.pop(), Some("# EOF"), "OpenMetrics says where it ends");
        }
        let mut read = Self::default();
        let mut lines = lines.into_iter().peekable();
        while let Some(line) = lines.next() {
            let (announced, help) = announcement(line, "# HELP ");
            assert!(!help.is_empty(), "{line}");
            let line = lines.next().expect("a TYPE after HELP");
            let (typed, kind) = announcement(line, "# TYPE ");
            assert_eq!(typed, announced, "HELP and TYPE belong to one metric");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            let name = match (format, kind) {
                (Format::OpenMetrics, "counter") => format!("{announced}_total"),
                _ => announced.to_owned(),
            };
            assert_eq!(name.ends_with("_total"), kind == "counter", "counters, and only they, end in _total: {name}");
            let mut family = Family { kind: kind.to_owned(), samples: BTreeMap::new() };
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (sample, labels, value) = sample(line);
                assert!(is_sample_of(&sample, &name, kind), "{line} under {name}");
                assert!(kind == "gauge" || value >= 0.0, "{line}");
                assert!(family.samples.insert((sample, labels), value).is_none(), "twice: {line}");
            }
            if kind == "histogram" {
                check_histogram(&name, &family);
            }
            assert!(read.families.insert(name.clone(), family).is_none(), "{name} is announced twice");
        }
        read
    }

    /// One value.
    ///
    /// # Panics
    /// When there is no such series.
    #[must_use]
    pub fn value(&self, sample: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let key = (sample.to_owned(), labels);
        let found = self.families.values().find_map(|family| family.samples.get(&key));
        *found.unwrap_or_else(|| panic!("no {key:?}"))
    }

    /// How much each series of the metrics with that prefix has grown since; those that have not are left out.
    #[must_use]
    pub fn growth_since(&self, before: &Self, prefix: &str) -> BTreeMap<String, f64> {
        let families = self.families.iter().filter(|(name, _)| name.starts_with(prefix));
        let series = families.flat_map(|(name, family)| family.samples.iter().map(move |sample| (name, sample)));
        series
            .filter_map(|(family, (key, value))| {
                let earlier = before.families.get(family).and_then(|family| family.samples.get(key)).unwrap_or(&0.0);
                let labels: Vec<_> = key.1.values().map(String::as_str).collect();
                (value > earlier)
                    .then(|| (format!("{} {}", key.0, labels.join(" ")).trim().to_owned(), value - earlier))
            })
            .collect()
    }

    /// Every label value of the page.
    #[must_use]
    pub fn label_values(&self) -> BTreeSet<&str> {
        let samples = self.families.values().flat_map(|family| family.samples.keys());
        samples.flat_map(|(_, labels)| labels.values().map(String::as_str)).collect()
    }
}

impl Family {
    /// The names of the labels its series have, without those of buckets.
    #[must_use]
    pub fn label_names(&self) -> BTreeSet<&str> {
        let names = self.samples.keys().flat_map(|(_, labels)| labels.keys().map(String::as_str));
        names.filter(|name| *name != "le").collect()
    }
}

fn announcement<'l>(line: &'l str, start: &str) -> (&'l str, &'l str) {
    let rest = line.strip_prefix(start).unwrap_or_else(|| panic!("{start}was to come, not {line:?}"));
    let (name, rest) = rest.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
    assert!(is_name(name), "{line:?}");
    (name, rest)
}

fn is_name(name: &str) -> bool {
    let letter = |octet: u8| octet.is_ascii_lowercase() || octet == b'_';
    let mut octets = name.bytes();
    octets.next().is_some_and(letter) && octets.all(|octet| letter(octet) || octet.is_ascii_digit())
}

fn is_sample_of(sample: &str, name: &str, kind: &str) -> bool {
    match kind {
        "histogram" => sample.strip_prefix(name).is_some_and(|suffix| ["_bucket", "_sum", "_count"].contains(&suffix)),
        _ => sample == name,
    }
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> (String, Labels, f64) {
    let name_end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line:?}"));
    let (name, mut rest) = line.split_at(name_end);
    assert!(is_name(name), "{line:?}");
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, behind) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line:?}"));
            assert!(is_name(label), "{line:?}");
            let (value, behind) = quoted(behind).unwrap_or_else(|| panic!("{line:?}"));
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line:?}");
            match behind.split_at_checked(1) {
                Some((",", behind)) => rest = behind,
                Some(("}", behind)) => {
                    rest = behind;
                    break;
                }
                _ => panic!("{line:?}"),
            }
        }
    }
    let number = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line:?}"));
    let value: f64 = number.parse().unwrap_or_else(|_| panic!("{line:?}"));
    assert!(value.is_finite(), "{line:?}");
    (name.to_owned(), labels, value)
}

/// A label value up to its closing quote, and what stands behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                '\\' => '\\',
                '"' => '"',
                'n' => '\n',
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

/// Each series of a histogram has ascending buckets that end in `+Inf`, which is its count, and a sum.
fn check_histogram(name: &str, family: &Family) {
    let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for ((sample, labels), value) in &family.samples {
        let mut labels = labels.clone();
        let bound = labels.remove("le");
        assert_eq!(bound.is_some(), sample.ends_with("_bucket"), "{name}: buckets, and only they, have a bound");
        let buckets = series.entry(labels).or_default();
        if let Some(bound) = bound {
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
            buckets.push((bound, *value));
        }
    }
    for (labels, mut buckets) in series {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{name} {labels:?} is not cumulative");
        let last = buckets.last().unwrap_or_else(|| panic!("{name} {labels:?} has no buckets"));
        let count = family.samples.get(&(format!("{name}_count"), labels.clone()));
        assert_eq!((last.0, Some(&last.1)), (f64::INFINITY, count), "{name} {labels:?}");
        assert!(family.samples.contains_key(&(format!("{name}_sum"), labels.clone())), "{name} {labels:?} has no sum");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_total Some.\n# TYPE a_total counter\na_total{x=\"1\",y=\"\\\"\\\\\\n\"} 2\n\
                        # HELP h Sizes.\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 3\n\
                        h_sum 9.5\nh_count 3\n";

    #[test]
    fn a_page_is_read() {
        let page = Exposition::parse(GOOD, Format::Text);
        assert!((page.value("a_total", &[("x", "1"), ("y", "\"\\\n")]) - 2.0).abs() < f64::EPSILON);
        assert!((page.value("h_count", &[]) - 3.0).abs() < f64::EPSILON);
        assert_eq!(page.families["h"].label_names().len(), 0);
        let open = GOOD.replace("HELP a_total", "HELP a").replace("TYPE a_total", "TYPE a") + "# EOF\n";
        assert_eq!(Exposition::parse(&open, Format::OpenMetrics).families.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (from, to) in [
            ("# TYPE a_total counter\n", ""),
            ("a_total counter", "a_total gauge"),
            ("a_total{", "b_total{"),
            ("} 2", "} two"),
            ("} 2", "} -2"),
            ("} 2", "}2"),
            ("\"1\"", "1"),
            ("\\n\"", "\\t\""),
            ("# HELP h Sizes.\n", ""),
            ("le=\"1.0\"} 1", "le=\"1.0\"} 4"),
            ("h_sum 9.5\n", ""),
            ("h_count 3\n", "h_count 4\n"),
            ("h_count 3\n", "h_count 3"),
            ("# HELP h Sizes.\n# TYPE h", "# HELP a_total Sizes.\n# TYPE a_total"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_ne!(bad, GOOD, "{from}");
            let outcome = std::panic::catch_unwind(|| Exposition::parse(&bad, Format::Text));
            assert!(outcome.is_err(), "{bad}");
        }
    }
}
