//! A disk of a few mebibytes that can be filled: a file system in memory, mounted for one test.

use crate::bounded::{Finished, run};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const COMMAND_LIMIT: Duration = Duration::from_secs(30);
const BALLAST: &str = "ballast";
const PAGE: usize = 4096;
/// The bit of Linux's capability to mount, see capabilities(7).
const CAP_SYS_ADMIN: u32 = 21;

/// A mounted file system; unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// Mounts an empty one of that many KiB on a directory, which is made. `None` only where this process has no right
    /// to mount and the system was seen to refuse it.
    ///
    /// # Panics
    /// When it fails in spite of that right, or without it does not.
    #[must_use]
    pub fn mount(place: &Path, kibibytes: u32) -> Option<Self> {
        fs::create_dir_all(place).expect("a directory to mount on");
        let options = format!("size={kibibytes}k,mode=0700");
        let mounted = mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], place);
        if mounted.code() == Some(0) {
            return Some(Self { place: place.to_owned() });
        }
        assert!(!may_mount(), "mounting was refused in spite of the right to: {mounted:?}");
        None
    }

    /// Gives it another size.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn resize(&self, kibibytes: u32) {
        let resized = mount(&["-o", &format!("remount,size={kibibytes}k")], &self.place);
        assert_eq!(resized.code(), Some(0), "{resized:?}");
    }

    /// Fills it to the last page with a file of our own.
    ///
    /// # Panics
    /// When writing ends for another reason than a full disk.
    pub fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.place.join(BALLAST)).expect("a ballast");
        let ended = loop {
            if let Err(error) = ballast.write_all(&[0; PAGE]) {
                break error;
            }
        };
        assert_eq!(ended.kind(), ErrorKind::StorageFull, "{ended}");
    }

    /// Removes what `fill` wrote.
    ///
    /// # Panics
    /// When there is nothing to remove.
    pub fn make_room(&self) {
        fs::remove_file(self.place.join(BALLAST)).expect("a ballast to remove");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = run(Command::new("umount").arg(&self.place), COMMAND_LIMIT);
        if unmounted.code() != Some(0) {
            // Busy: gone from the tree at once, and from memory when its last user is.
            let detached = run(Command::new("umount").arg("-l").arg(&self.place), COMMAND_LIMIT);
            assert!(detached.code() == Some(0) || std::thread::panicking(), "{unmounted:?} {detached:?}");
        }
    }
}

fn mount(arguments: &[&str], place: &Path) -> Finished {
    run(Command::new("mount").args(arguments).arg(place), COMMAND_LIMIT)
}

/// Whether this process has the capability that mounting takes; root has it, except in some containers.
fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("CapEff");
    let bits = u64::from_str_radix(effective.trim(), 16).expect("a hexadecimal number");
    bits & (1 << CAP_SYS_ADMIN) != 0
}
