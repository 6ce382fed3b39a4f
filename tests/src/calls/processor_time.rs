//! Processor time of a process and all its descendants, from `/proc`.

use rustix::param::clock_ticks_per_second;
use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// User and system time together.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct ProcessorTime(Duration);

impl ProcessorTime {
    /// What that process and those below it have used so far.
    #[must_use]
    pub fn of(process: u32) -> Self {
        let all: HashMap<u32, Stat> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|process| Some((process, Stat::of(process)?)))
            .collect();
        let ticks: u64 = all.iter().filter(|(id, _)| is_below(&all, **id, process)).map(|(_, stat)| stat.ticks).sum();
        Self(Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64))
    }

    /// What was used since then.
    #[must_use]
    pub const fn since(self, before: Self) -> Duration {
        self.0.saturating_sub(before.0)
    }
}

struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name may contain spaces and parentheses.
        let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        Some(Self { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
    }
}

fn is_below(all: &HashMap<u32, Stat>, mut process: u32, ancestor: u32) -> bool {
    while process != ancestor {
        match all.get(&process) {
            Some(stat) if stat.parent != 0 => process = stat.parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn work_is_seen_here_and_not_in_a_child_that_waits() {
        let own = std::process::id();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a child");
        let (before, started) = (ProcessorTime::of(own), Instant::now());
        let mut sum = 0_u64;
        while ProcessorTime::of(own).since(before) < Duration::from_millis(50) {
            sum = sum.wrapping_add(started.elapsed().as_nanos() as u64);
            assert!(started.elapsed() < Duration::from_secs(60), "worked in vain {sum}");
        }
        assert!(ProcessorTime::of(child.id()).0 < Duration::from_millis(50));
        child.kill().expect("a child that can be killed");
        child.wait().expect("a child that can be waited for");
    }
}
