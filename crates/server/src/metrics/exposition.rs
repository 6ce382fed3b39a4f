//! Writes metrics down in the Prometheus text format 0.0.4 or in OpenMetrics 1.0.0. They differ in little: the name
//! under which a counter is announced, and the end.

use crate::metrics::distribution::Distribution;
use http_api::ExpositionFormat;
use std::fmt::{Display, Write as _};

/// What a metric counts, under a name that scrapers rely on. `docs/operations.md` lists every one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// With `_total`, if it is a counter.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// One line without backslashes and quotes.
    pub(crate) help: &'static str,
}

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows while the process lives.
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Label names and values; names are ours and need no check.
pub(crate) type Labels<'l> = &'l [(&'static str, &'l str)];

/// A page being written. Writing to a String cannot fail, so outcomes are not looked at.
pub(crate) struct Page {
    text: String,
    format: ExpositionFormat,
}

impl Page {
    pub(crate) fn new(format: ExpositionFormat) -> Self {
        Self { text: String::with_capacity(16_384), format }
    }

    /// Announces a metric; its samples must follow before the next one is announced.
    pub(crate) fn family<'p>(&'p mut self, family: &'p Family) -> Samples<'p> {
        let announced = match (self.format, family.kind) {
            (ExpositionFormat::OpenMetrics, Kind::Counter) => family.name.trim_end_matches("_total"),
            _ => family.name,
        };
        let _ = writeln!(self.text, "# HELP {announced} {}", family.help);
        let _ = writeln!(self.text, "# TYPE {announced} {}", family.kind.as_str());
        Samples { page: self, name: family.name }
    }

    pub(crate) fn finish(mut self) -> String {
        if self.format == ExpositionFormat::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// The samples of one metric.
pub(crate) struct Samples<'p> {
    page: &'p mut Page,
    name: &'static str,
}

impl Samples<'_> {
    /// A counter's or gauge's value.
    pub(crate) fn value(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    /// A histogram's buckets, sum and count.
    pub(crate) fn distribution(&mut self, labels: Labels<'_>, distribution: &Distribution) {
        for (bound, count) in distribution.cumulated() {
            self.line("_bucket", labels, Some(&format!("{bound:?}")), count);
        }
        self.line("_bucket", labels, Some("+Inf"), distribution.count());
        self.line("_sum", labels, None, distribution.sum());
        self.line("_count", labels, None, distribution.count());
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, bound: Option<&str>, value: impl Display) {
        let text = &mut self.page.text;
        let _ = write!(text, "{}{suffix}", self.name);
        let bound = bound.map(|bound| ("le", bound));
        let mut opening = '{';
        for (name, value) in labels.iter().copied().chain(bound) {
            let _ = write!(text, "{opening}{name}=\"{}\"", Escaped(value));
            opening = ',';
        }
        let _ = writeln!(text, "{} {value}", if opening == ',' { "}" } else { "" });
    }
}

/// A label value as both formats quote it.
struct Escaped<'v>(&'v str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Family = Family { name: "done_total", kind: Kind::Counter, help: "Things done." };
    const SIZES: Family = Family { name: "sizes", kind: Kind::Histogram, help: "How large they were." };

    fn page(format: ExpositionFormat) -> String {
        let mut page = Page::new(format);
        let mut done = page.family(&DONE);
        done.value(&[], 3);
        done.value(&[("kind", "a\"b\\c\nd"), ("place", "here")], 4);
        let mut sizes = Distribution::new(&[0.5, 2.0]);
        for value in [0.25, 0.5, 1.0, 9.0] {
            sizes.observe(value);
        }
        page.family(&SIZES).distribution(&[("kind", "x")], &sizes);
        page.finish()
    }

    #[test]
    fn both_formats() {
        let samples = "done_total 3\ndone_total{kind=\"a\\\"b\\\\c\\nd\",place=\"here\"} 4\n";
        let sizes = "# HELP sizes How large they were.\n# TYPE sizes histogram\n\
                     sizes_bucket{kind=\"x\",le=\"0.5\"} 2\nsizes_bucket{kind=\"x\",le=\"2.0\"} 3\n\
                     sizes_bucket{kind=\"x\",le=\"+Inf\"} 4\nsizes_sum{kind=\"x\"} 10.75\nsizes_count{kind=\"x\"} 4\n";
        assert_eq!(
            page(ExpositionFormat::Text),
            format!("# HELP done_total Things done.\n# TYPE done_total counter\n{samples}{sizes}")
        );
        assert_eq!(
            page(ExpositionFormat::OpenMetrics),
            format!("# HELP done Things done.\n# TYPE done counter\n{samples}{sizes}# EOF\n")
        );
    }
}
