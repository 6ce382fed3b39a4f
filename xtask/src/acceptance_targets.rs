//! Which test programs there are: cargo can be told which to run, not which to leave out.

use std::fs;
use std::path::Path;

/// Test files that need real phones start so.
pub const INTEROP_PREFIX: &str = "interop_";

/// The names of all integration tests of the workspace that need no phones, each once.
pub fn all_but_interop(root: &Path) -> Vec<String> {
    let crates = entries(&root.join("crates")).into_iter().map(|name| root.join("crates").join(name).join("tests"));
    let folders = crates.chain([root.join("tests/tests"), root.join("xtask/tests")]);
    let mut names: Vec<String> = folders
        .flat_map(|folder| entries(&folder))
        .filter_map(|file| file.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| !name.starts_with(INTEROP_PREFIX))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
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
}
