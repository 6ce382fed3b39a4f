//! The house rules that a compiler does not check: who may use whom, which outside library lives where, and what source
//! files may not contain.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of ours that each crate may use in what it ships; anything not listed is forbidden.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("sip-message", &[]),
    ("sip-digest", &["sip-message"]),
    ("sip-transaction", &["sip-message"]),
    ("handshakes", &[]),
    ("rtp", &[]),
    ("rtpengine", &[]),
    ("sip-transport", &["sip-message", "tls-identity", "handshakes"]),
    ("sip-registrar", &["sip-message", "sip-digest", "domain"]),
    ("sip-dialog", &["sip-message"]),
    ("sip-b2bua", &["sip-message", "sip-digest", "sip-dialog"]),
    ("sip-upstream", &["sip-message", "sip-digest", "domain"]),
    ("reasons", &["domain"]),
    ("phone-provisioning", &["domain"]),
    ("trunk-recipes", &[]),
    ("storage", &["domain"]),
    ("keyring", &["domain"]),
    ("event-log", &["domain", "storage"]),
    ("call-journal", &["domain", "storage"]),
    ("webhooks", &["domain", "storage"]),
    ("tls-identity", &[]),
    ("import-sources", &[]),
    ("storage-sqlite", &["storage", "domain"]),
    ("storage-postgres", &["storage", "domain"]),
    ("provisioning", &["domain", "reasons", "storage", "keyring", "sip-digest"]),
    ("directory", &["domain", "storage", "keyring", "sip-digest"]),
    (
        "sip-edge",
        &[
            "sip-message",
            "sip-digest",
            "sip-transaction",
            "sip-registrar",
            "sip-dialog",
            "sip-b2bua",
            "sip-upstream",
            "sip-transport",
            "domain",
            "directory",
            "storage",
        ],
    ),
    (
        "sip-user-agent",
        &[
            "sip-message",
            "sip-digest",
            "sip-transaction",
            "sip-registrar",
            "sip-dialog",
            "sip-transport",
            "tls-identity",
            "rtp",
        ],
    ),
    ("http-api", &["domain", "provisioning", "storage", "handshakes", "phone-provisioning"]),
    ("console", &["domain", "provisioning", "storage", "phone-provisioning", "trunk-recipes"]),
    (
        "server",
        &[
            "domain",
            "sip-message",
            "sip-digest",
            "sip-transaction",
            "sip-registrar",
            "sip-dialog",
            "sip-b2bua",
            "sip-upstream",
            "sip-transport",
            "storage",
            "storage-sqlite",
            "storage-postgres",
            "keyring",
            "provisioning",
            "event-log",
            "reasons",
            "phone-provisioning",
            "trunk-recipes",
            "call-journal",
            "webhooks",
            "directory",
            "sip-edge",
            "sip-user-agent",
            "http-api",
            "console",
            "tls-identity",
            "rtpengine",
            "import-sources",
        ],
    ),
    ("testkit", &["domain", "storage"]),
    ("acceptance", &[]),
    ("xtask", &[]),
    ("fuzz-targets", &["sip-message", "sip-digest", "sip-edge", "sip-transaction", "sip-transport"]),
];

/// Outside libraries and the only crates that may name them among their shipped dependencies.
const FENCES: &[(&str, &[&str])] = &[
    (
        "tokio",
        &[
            "storage-sqlite",
            "storage-postgres",
            "sip-transport",
            "rtpengine",
            "provisioning",
            "event-log",
            "call-journal",
            "webhooks",
            "directory",
            "sip-edge",
            "sip-user-agent",
            "http-api",
            "console",
            "tls-identity",
            "handshakes",
            "import-sources",
            "server",
            "testkit",
        ],
    ),
    ("rusqlite", &["storage-sqlite", "import-sources"]),
    ("sqlx", &["import-sources", "storage-postgres"]),
    ("quick-xml", &["import-sources"]),
    ("hickory-resolver", &["sip-transport"]),
    ("axum", &["http-api", "console", "server"]),
    ("askama", &["console"]),
    ("hyper", &["http-api", "webhooks", "server"]),
    ("hyper-util", &["http-api", "webhooks", "server"]),
    ("tower", &["http-api", "server"]),
    ("rustls", &["tls-identity", "acceptance"]),
    ("tokio-rustls", &["tls-identity"]),
    ("rustls-webpki", &["tls-identity"]),
    ("x509-cert", &["tls-identity"]),
    ("rustls-native-certs", &["tls-identity"]),
    ("tungstenite", &["sip-transport", "acceptance"]),
    ("rcgen", &["acceptance"]),
    ("aes-gcm", &["keyring"]),
    ("md-5", &["sip-digest", "acceptance"]),
    ("sha2", &["sip-digest", "keyring", "storage", "provisioning", "http-api", "console", "webhooks", "acceptance"]),
    ("utoipa", &["http-api"]),
    ("hmac", &["sip-digest", "keyring", "webhooks"]),
    ("libc", &["sip-transport", "server"]),
    ("socket2", &["sip-transport", "server"]),
    ("getrandom", &["server"]),
    ("clap", &["server"]),
    ("opentelemetry", &["server"]),
    ("opentelemetry-http", &["server"]),
    ("opentelemetry-otlp", &["server"]),
    ("opentelemetry_sdk", &["server"]),
    ("prometheus-client", &["server"]),
];

/// Crates that decide and therefore cannot do IO, not even through a library that they use.
const WITHOUT_IO: &[&str] = &[
    "domain",
    "reasons",
    "phone-provisioning",
    "trunk-recipes",
    "sip-message",
    "sip-digest",
    "sip-transaction",
    "sip-registrar",
    "sip-dialog",
    "sip-b2bua",
    "sip-upstream",
    "keyring",
    "rtp",
];
const IO_LIBRARIES: &[&str] = &["tokio", "mio", "socket2", "rusqlite", "sqlx", "axum", "hyper", "getrandom", "ureq"];

const MOST_LINES: usize = 600;

#[test]
fn every_direction_is_allowed() {
    let metadata = metadata();
    let ours = names(&metadata);
    let listed: BTreeSet<&str> = DIRECTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed, "workspace crates and table differ");
    let allowed: BTreeMap<&str, &[&str]> = DIRECTIONS.iter().copied().collect();
    let mut forbidden = Vec::new();
    for package in metadata.workspace_packages() {
        let used = shipped(package).filter(|used| ours.contains(*used));
        let wrong = used.filter(|used| !allowed[package.name.as_str()].contains(used));
        forbidden.extend(wrong.map(|used| format!("{} -> {used}", package.name)));
    }
    assert!(forbidden.is_empty(), "{forbidden:?}");
}

#[test]
fn no_direction_leads_back() {
    let allowed: BTreeMap<&str, &[&str]> = DIRECTIONS.iter().copied().collect();
    for (name, _) in DIRECTIONS {
        let mut reached = BTreeSet::new();
        let mut open = allowed[name].to_vec();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(allowed[next]);
            }
        }
        assert!(!reached.contains(name), "the table lets {name} use itself: {reached:?}");
    }
}

#[test]
fn the_judge_shares_nothing_with_the_judged() {
    let metadata = metadata();
    let ours = names(&metadata);
    for judge in ["acceptance", "xtask"] {
        let package = metadata.workspace_packages().into_iter().find(|package| package.name == judge);
        let dependencies = &package.expect("the judge").dependencies;
        assert!(dependencies.iter().all(|dependency| !ours.contains(&dependency.name)), "{judge} uses a crate of ours");
    }
}

#[test]
fn outside_libraries_stay_behind_their_fences() {
    let metadata = metadata();
    let mut outside = Vec::new();
    for package in metadata.workspace_packages() {
        for used in shipped(package) {
            let fence = FENCES.iter().find(|(library, _)| *library == used);
            if fence.is_some_and(|(_, crates)| !crates.contains(&package.name.as_str())) {
                outside.push(format!("{} -> {used}", package.name));
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn crates_that_decide_reach_no_io() {
    for name in WITHOUT_IO {
        let tree = Command::new(cargo())
            .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
            .args(["--package", name])
            .current_dir(root())
            .output()
            .expect("cargo");
        let text = String::from_utf8_lossy(&tree.stdout);
        assert!(tree.status.success() && text.starts_with(name), "{}", String::from_utf8_lossy(&tree.stderr));
        let reached = text.lines().filter_map(|line| line.split(' ').next());
        let wrong: Vec<_> = reached.filter(|reached| IO_LIBRARIES.contains(reached)).collect();
        assert!(wrong.is_empty(), "{name} reaches {wrong:?}");
    }
}

#[test]
fn architecture_names_every_crate_and_no_other() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named = crates_in_table(&text);
    assert!(!named.is_empty(), "ARCHITECTURE.md has no table that starts with `| crate | may use |`");
    assert_eq!(named, names(&metadata()), "ARCHITECTURE.md (left) and the workspace (right) differ");
    assert!(text.lines().count() <= 200, "ARCHITECTURE.md has more than 200 lines");
}

#[test]
fn source_files_are_short_and_whole() {
    // Put together here, so that this file does not contain what it looks for.
    let ignored = ["#[", "ignore"].concat();
    let unfinished = ["to", "do!("].concat();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in rust_files() {
        seen += 1;
        let text = fs::read_to_string(&file).expect("a source file");
        let lines = text.lines().count();
        let name = file.strip_prefix(root()).expect("a file of the repository").display().to_string();
        if lines > MOST_LINES {
            wrong.push(format!("{name} has {lines} lines"));
        }
        for unwanted in [&ignored, &unfinished] {
            if text.contains(unwanted.as_str()) {
                wrong.push(format!("{name} contains {unwanted}"));
            }
        }
    }
    assert!(seen > 50, "only {seen} source files were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_takes_the_lints_of_the_house() {
    for package in metadata().workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).expect("a manifest");
        let inherits = manifest.contains("[lints]\nworkspace = true");
        // The verdict of the judge, and of what fuzzing checks, is a panic, which the house forbids; their manifests say so
        // and list their own.
        assert!(
            inherits || ["acceptance", "fuzz-targets"].contains(&package.name.as_str()),
            "{} does not inherit the lints",
            package.name
        );
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata")
}

fn names(metadata: &Metadata) -> BTreeSet<String> {
    metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect()
}

/// The dependencies that become part of what the crate ships, build scripts included.
fn shipped(package: &Package) -> impl Iterator<Item = &str> {
    let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    dependencies.map(|dependency| dependency.name.as_str())
}

/// The names in the first column of the table whose head is `| crate | may use …`.
fn crates_in_table(text: &str) -> BTreeSet<String> {
    let is_head = |line: &&str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        cells.next() == Some("crate") && cells.next().is_some_and(|cell| cell.starts_with("may use"))
    };
    let rows = text.lines().skip_while(|line| !is_head(line)).skip(2).take_while(|line| line.starts_with('|'));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    let words = first_cells.flat_map(|cell| cell.split(|c: char| c == ',' || c == '`' || c.is_whitespace()));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> =
        ["crates", "tests", "xtask", "benches", "fuzz"].iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
