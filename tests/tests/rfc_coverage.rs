//! Everything that `docs/rfc-coverage.md` names is there.

use acceptance::documentation::repository;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_file_and_function_of_the_table_exists() {
    let text = fs::read_to_string(repository().join("docs/rfc-coverage.md")).expect("docs/rfc-coverage.md");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| RFC")).collect();
    assert!(rows.len() > 30, "only {} rows", rows.len());
    let faults: Vec<_> = rows.iter().flat_map(|row| faults_of(row)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a row names and is not there.
fn faults_of(row: &str) -> Vec<String> {
    let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [section, code, shown_by] = cells[..] else { return vec![format!("three cells: {row}")] };
    let mut named = Named::default();
    for cell in [code, shown_by] {
        let before = named.files.len();
        named.read(cell);
        if named.files.len() == before && !cell.contains("unit tests") {
            named.faults.push(format!("names nothing: {cell}"));
        }
    }
    named.faults.iter().map(|fault| format!("{section}: {fault}")).collect()
}

/// The files and folders of one row, in the order in which they are named.
#[derive(Default)]
struct Named {
    /// Where a name without folders is looked for.
    folder: PathBuf,
    files: Vec<PathBuf>,
    faults: Vec<String>,
}

impl Named {
    fn read(&mut self, cell: &str) {
        for (place, piece) in cell.split('`').enumerate() {
            if place % 2 == 0 {
                if piece.contains("acceptance") {
                    self.folder = repository().join("tests/tests");
                }
            } else if piece.contains('/') || is_crate(piece) {
                self.take(repository().join("crates").join(piece), piece);
            } else if let Some(stem) = piece.strip_suffix(".rs") {
                match find(&self.folder, stem) {
                    Some(path) => self.take(path, piece),
                    None => self.faults.push(format!("{} has no {piece}", self.folder.display())),
                }
            } else if !self.files.iter().any(|path| mentions(path, piece)) {
                self.faults.push(format!("nothing named before has {piece}"));
            }
        }
    }

    fn take(&mut self, path: PathBuf, name: &str) {
        if !path.exists() {
            return self.faults.push(format!("there is no {name}"));
        }
        self.folder = if path.is_dir() { path.clone() } else { path.parent().map(Path::to_owned).unwrap_or_default() };
        self.files.push(path);
    }
}

fn is_crate(name: &str) -> bool {
    repository().join("crates").join(name).join("Cargo.toml").exists()
}

/// A source file below a folder by its stem, in which `*` stands for the rest.
fn find(folder: &Path, stem: &str) -> Option<PathBuf> {
    sources(folder).into_iter().find(|path| {
        let found = path.file_stem().and_then(|found| found.to_str()).unwrap_or_default();
        stem.strip_suffix('*').map_or(found == stem, |start| found.starts_with(start))
    })
}

fn mentions(path: &Path, word: &str) -> bool {
    let files = if path.is_dir() { sources(path) } else { vec![path.to_owned()] };
    files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {word}"))))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    paths.flat_map(of).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
