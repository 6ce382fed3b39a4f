//! Which test programs there are: cargo can be told which to run, not which to leave out.

use std::fs;
use std::path::Path;

/// Test files that need real phones start so.
pub const INTEROP_PREFIX: &str = "interop_";

/// Tests that mostly wait, for phones that take their time and for timers of SIP: they run beside the others.
pub const PATIENT: [&str; 5] =
    ["calls_failover", "interop_linphonec", "interop_twinkle", "upstream", "upstream_registration"];

/// The names of all integration tests of the workspace that need no phones, each once.
pub fn all_but_interop(root: &Path) -> Vec<String> {
    all(root).into_iter().filter(|name| !name.starts_with(INTEROP_PREFIX)).collect()
}

/// The names of all integration tests of the workspace but the patient ones, each once.
pub fn all_but_patient(root: &Path) -> Vec<String> {
    all(root).into_iter().filter(|name| !PATIENT.contains(&name.as_str())).collect()
}

fn all(root: &Path) -> Vec<String> {
    let crates = entries(&root.join("crates")).into_iter().map(|name| root.join("crates").join(name).join("tests"));
    let folders = crates.chain([root.join("tests/tests"), root.join("xtask/tests")]);
    let mut names: Vec<String> = folders.flat_map(|folder| tests_of(&folder)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A file of its own, or a folder with a `main.rs`.
fn tests_of(folder: &Path) -> Vec<String> {
    let name = |entry: String| match entry.strip_suffix(".rs") {
        Some(name) => Some(name.to_owned()),
        None => folder.join(&entry).join("main.rs").is_file().then_some(entry),
    };
    entries(folder).into_iter().filter_map(name).collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_acceptance_tests_are_found_without_the_phones() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let names = all_but_interop(&root);
        assert!(names.iter().any(|name| name == "layers"), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with(INTEROP_PREFIX)), "{names:?}");
    }

    #[test]
    fn every_test_is_either_patient_or_not() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (all, others) = (all(&root), all_but_patient(&root));
        assert!(PATIENT.iter().all(|patient| all.iter().any(|name| name == patient)), "{all:?}");
        assert_eq!(others.len() + PATIENT.len(), all.len());
        assert!(others.iter().any(|name| name == "sqlite"), "one in a folder of its own: {others:?}");
    }
}
