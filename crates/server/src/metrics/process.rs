//! What the kernel says about this process, from `/proc`. What cannot be read is left out.

use rustix::process::{Resource, getrlimit};
use std::fs;

/// Memory that is really there (`VmRSS`), in octets.
pub(crate) fn resident_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))?;
    Some(kibibytes.trim().parse::<u64>().ok()? * 1024)
}

/// Open file descriptors, without the one that counting takes.
pub(crate) fn open_fds() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// The soft limit of open file descriptors; `None` also where there is none.
pub(crate) fn max_fds() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_files() {
        assert!(resident_memory_bytes().is_some_and(|octets| octets > 100_000));
        let before = open_fds().unwrap();
        let files = [fs::File::open("/proc/self/status").unwrap(), fs::File::open("/proc/self/status").unwrap()];
        // Other tests open and close files at the same time, so only that there are some is certain.
        assert!(open_fds().unwrap() >= files.len() && before > 0);
        assert!(max_fds().is_none_or(|most| most > 10));
    }
}
