//! The programs that the acceptance tests run, phones first, as Debian packages.

use std::path::Path;
use std::process::{Command, Stdio};

/// Each package with the program in it that is run, or what shows that it is there.
const PACKAGES: [(&str, &str); 21] = [
    ("sip-tester", "sipp"),
    ("sipsak", "sipsak"),
    ("baresip-core", "baresip"),
    ("linphone-cli", "linphonec"),
    ("twinkle-console", "twinkle-console"),
    ("rtpengine-daemon", "rtpengine"),
    // A proxy: calls over it show that the load is right, and what a call may cost.
    ("kamailio", "kamailio"),
    // It keeps calls in SQLite where it is measured against us, who keep them too.
    ("kamailio-sqlite-modules", "/usr/share/kamailio/db_sqlite/dialog-create.sql"),
    // The phones in JavaScript, and the browser one of them runs in.
    ("chromium", "chromium"),
    ("nodejs", "node"),
    ("npm", "npm"),
    // For the documented API calls, which are run as they stand.
    ("curl", "curl"),
    // Shows that what was answered was on disk before.
    ("strace", "strace"),
    // Counts instructions.
    ("valgrind", "valgrind"),
    // For schemathesis and pyVoIP, which come from the Python package index.
    ("python3-venv", PYTHON_ENVIRONMENTS),
    // A database to import from, and what fills it.
    ("mariadb-server-core", "mariadbd"),
    ("mariadb-client-core", "mariadb"),
    // The database of many nodes, and its tools, which Debian keeps in a folder of the version.
    ("postgresql", POSTGRES),
    // The documentation makes a certificate with it.
    ("openssl", "openssl"),
    // A network of its own for the commands of the documentation.
    ("util-linux", "unshare"),
    ("iproute2", "ip"),
];

/// What making a virtual environment needs beside the interpreter, as a module of it.
const PYTHON_ENVIRONMENTS: &str = "python3 module ensurepip";

/// Where its programs are, below the version.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Installs what is missing, or says how to; `true` if every program is there in the end.
pub fn provide() -> bool {
    let wanted = missing();
    if wanted.is_empty() {
        println!("all there: {}", PACKAGES.map(|(_, program)| program).join(", "));
        return true;
    }
    let install = format!("apt-get install -y --no-install-recommends {}", wanted.join(" "));
    println!("missing: {}", wanted.join(" "));
    if is_root() && on_path("apt-get") {
        for command in ["apt-get update", &install] {
            println!("$ {command}");
            if !apt(command) {
                println!("failed: {command}");
            }
        }
    } else {
        println!("the acceptance tests need them; install them with\n  sudo apt-get update && sudo {install}");
    }
    let still = missing();
    if !still.is_empty() {
        println!("still missing: {}", still.join(" "));
    }
    still.is_empty()
}

fn missing() -> Vec<&'static str> {
    PACKAGES.into_iter().filter(|(_, program)| !is_there(program)).map(|(package, _)| package).collect()
}

fn is_there(program: &str) -> bool {
    if program == POSTGRES {
        return Path::new(program).is_dir();
    }
    if program != PYTHON_ENVIRONMENTS {
        return on_path(program);
    }
    let asked = Command::new("python3").args(["-c", "import ensurepip, venv"]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let identity = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    identity.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { return false };
    let status = Command::new(program).args(words).env("DEBIAN_FRONTEND", "noninteractive").status();
    status.is_ok_and(|status| status.success())
}
