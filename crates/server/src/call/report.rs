//! What `sipwarden call` prints.

use sip_user_agent::{CallReport, Direction, Heard, MediaReport, Step};
use std::io::Write as _;
use std::time::Duration;

/// One rung of the ladder.
pub(crate) fn step_line(step: &Step) -> String {
    let arrow = match step.direction {
        Direction::Sent => "->",
        Direction::Received => "<-",
    };
    format!("{:>10}  {arrow}  {}", milliseconds(step.at), step.summary)
}

/// What was measured, a line each.
pub(crate) fn measurements(report: &CallReport) -> Vec<String> {
    let digest = report.algorithm.map_or("none was asked for", |hash| hash.as_str());
    let mut lines = vec![line("digest", digest)];
    if let Some(delay) = report.post_dial_delay {
        lines.push(line("post-dial delay", &milliseconds(delay)));
    }
    if let Some(after) = report.answered_after {
        lines.push(line("answered after", &milliseconds(after)));
    }
    if let Some(media) = &report.media {
        lines.extend(of_media(media));
    }
    lines
}

fn of_media(media: &MediaReport) -> Vec<String> {
    let MediaReport { sent, returned, reception, heard, round_trip } = media;
    let heard = match heard {
        Heard::Nothing => "nothing",
        Heard::Silence => "silence",
        Heard::OtherSound => "sound, but not the tone that was sent",
        Heard::Tone => "the tone that was sent",
    };
    let loss = reception.loss() * 100.0;
    let packets = format!("{sent} sent, {} received, {returned} of them as sent", reception.received);
    let mut lines = vec![
        line("heard", heard),
        line("RTP packets", &packets),
        line("RTP loss", &format!("{loss:.1} % ({} of {})", reception.lost(), reception.expected)),
        line("RTP jitter", &format!("{:.1} ms", reception.jitter_ms)),
    ];
    if reception.duplicates + reception.reordered > 0 {
        let disorder = format!("{} repeated, {} out of order", reception.duplicates, reception.reordered);
        lines.push(line("RTP disorder", &disorder));
    }
    let times = round_trip.map_or_else(
        || "unknown, since nothing came back as sent".to_owned(),
        |times| {
            let [least, mean, most] = [times.least, times.mean, times.most].map(milliseconds);
            format!("{mean} ({least} to {most})")
        },
    );
    lines.push(line("round trip", &times));
    lines
}

fn line(name: &str, value: &str) -> String {
    format!("{name:<16}{value}")
}

/// Prints a line at once.
pub(super) fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed our output does not want to read on; the call goes on and the exit code still counts.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
