//! A machine of its own for commands that are run as they are written: own network, own processes, own home.

use crate::binary;
use crate::bounded::{Finished, run};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs a script with bash in `folder`, the judged binary on the path, in namespaces of its own for network and
/// processes: default ports are free, nothing leaves the machine, and whatever the script leaves running ends with it.
///
/// # Panics
/// When no such namespaces can be made, saying what is missing.
#[must_use]
pub fn run_script(folder: &Path, script: &str, limit: Duration) -> Finished {
    let file = folder.join("script.sh");
    std::fs::write(&file, script).expect("a file for the script");
    let mut path = OsString::from(binary::path().parent().expect("the folder of the binary"));
    path.push(":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let inside = "ip link set lo up && exec bash -eux -o pipefail \"$0\"";
    let mut command = unshare();
    command.args(["bash", "-c", inside]).arg(&file).current_dir(folder);
    command.env_clear().env("PATH", path).env("HOME", folder).env("LC_ALL", "C.UTF-8");
    run(&mut command, limit)
}

/// The command that makes namespaces: as root directly, else in a user namespace, where the kernel allows that.
fn unshare() -> Command {
    let works = |rights: &[&str]| {
        let mut probe = Command::new("unshare");
        probe.args(rights).args(NAMESPACES).args(["ip", "link", "set", "lo", "up"]);
        probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let rights: &[&str] = match () {
        () if works(&[]) => &[],
        () if works(&AS_ROOT_OF_A_USER_NAMESPACE) => &AS_ROOT_OF_A_USER_NAMESPACE,
        () => panic!(
            "no network namespace can be made: run the tests as root, or allow user namespaces \
             (sysctl kernel.unprivileged_userns_clone=1), and install util-linux and iproute2"
        ),
    };
    let mut command = Command::new("unshare");
    command.args(rights).args(NAMESPACES);
    command
}

const NAMESPACES: [&str; 4] = ["--net", "--pid", "--fork", "--kill-child"];
const AS_ROOT_OF_A_USER_NAMESPACE: [&str; 2] = ["--user", "--map-root-user"];
