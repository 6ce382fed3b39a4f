//! A small picture of lines: cost against the number of users.

use crate::documentation::repository;
use std::fmt::Write as _;
use std::fs;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 44.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 40.0;
/// Told apart without colour vision, too, since each line has its name at its end.
const COLOURS: [&str; 4] = ["#0b6e4f", "#b3541e", "#3f51a3", "#777777"];

/// One line.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Stands at its end.
    pub name: String,
    /// From left to right; the first is drawn on a logarithmic axis.
    pub points: Vec<(f64, f64)>,
}

/// A picture.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Above it.
    pub title: String,
    /// Below it.
    pub across: &'static str,
    /// Lines.
    pub curves: Vec<Curve>,
}

impl Plot {
    /// Writes it beside the page, under the same condition as [`super::Section::write`].
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str) {
        if std::env::var("SIPWARDEN_BENCH_DOCS").is_ok_and(|said| said == "write") {
            let folder = repository().join("docs/images/performance");
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(format!("{name}.svg")), self.draw()).expect("a picture that can be written");
        }
    }

    /// The picture as SVG.
    #[must_use]
    pub fn draw(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let (low, high) = points().fold((f64::MAX, f64::MIN), |(low, high), (x, _)| (low.min(*x), high.max(*x)));
        let top = points().fold(0.0_f64, |top, (_, y)| top.max(*y)) * 1.1;
        let span = (high.ln() - low.ln()).max(f64::MIN_POSITIVE);
        let across = |x: f64| LEFT + (x.ln() - low.ln()) / span * (WIDTH - LEFT - RIGHT);
        let up = |y: f64| HEIGHT - BOTTOM - y / top * (HEIGHT - BOTTOM - TOP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"20\" font-weight=\"bold\">{}</text>\n",
            self.title, self.title
        );
        let step = nice_step(top);
        for number in 0..=(top / step) as u32 {
            let (value, y) = (f64::from(number) * step, up(f64::from(number) * step));
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0
            );
        }
        let mut marks: Vec<f64> = points().map(|(x, _)| *x).collect();
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        for mark in marks {
            let (x, y) = (across(mark), HEIGHT - BOTTOM + 18.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>", grouped(mark));
        }
        let (x, y) = (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 8.0);
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>", self.across);
        for (curve, colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
            let path: Vec<String> =
                curve.points.iter().map(|(x, y)| format!("{:.1} {:.1}", across(*x), up(*y))).collect();
            let _ = writeln!(
                svg,
                "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>",
                path.join("L")
            );
            for (x, y) in &curve.points {
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"/>",
                    across(*x),
                    up(*y)
                );
            }
            if let Some((x, y)) = curve.points.last() {
                let (x, y) = (across(*x) + 10.0, up(*y) + 4.0);
                let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{}</text>", curve.name);
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// A round number of which four to eight reach the top.
fn nice_step(top: f64) -> f64 {
    let rough = (top / 5.0).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(power)
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_left_to_right() {
        let curve = Curve { name: "ours".to_owned(), points: vec![(10_000.0, 9.0), (100_000.0, 10.0), (1e6, 11.0)] };
        let plot = Plot { title: "cost".to_owned(), across: "users", curves: vec![curve] };
        let svg = plot.draw();
        for part in ["<title>cost</title>", "1,000,000", ">ours</text>", "M56.0 "] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert_eq!(nice_step(12.1), 5.0);
        assert_eq!(nice_step(48.0), 10.0);
    }
}
