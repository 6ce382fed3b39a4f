//! The user's pages as Markdown: what they tell a person to run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation.
#[derive(Debug)]
pub struct Page {
    /// Its path below the repository.
    pub name: String,
    /// Its folder, to which its links are relative.
    pub folder: PathBuf,
    text: String,
}

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the opening fence, such as `sh`; empty if nothing does.
    pub language: String,
    /// The number of the opening fence's line, from 1.
    pub line: usize,
    /// What is between the fences.
    pub content: String,
}

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page that a user reads: the README and what is in `docs`, decisions left out.
///
/// # Panics
/// When the pages cannot be read.
#[must_use]
pub fn pages() -> Vec<Page> {
    let root = repository();
    let mut paths = vec![PathBuf::from("README.md")];
    for entry in fs::read_dir(root.join("docs")).expect("the folder docs") {
        let name = entry.expect("an entry of docs").file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            paths.push(Path::new("docs").join(name));
        }
    }
    paths.sort();
    paths.iter().map(|path| Page::read(&root, path)).collect()
}

impl Page {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(root.join(path)).expect("a page that can be read");
        let folder = root.join(path).parent().expect("a folder").to_owned();
        Self { name: path.display().to_string(), folder, text }
    }

    /// Its fenced blocks in order.
    ///
    /// # Panics
    /// When the last one is not closed.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        let (blocks, _) = split(&self.text);
        blocks
    }

    /// What is written as code within sentences, each with its line breaks as spaces.
    #[must_use]
    pub fn inline_code(&self) -> Vec<String> {
        let (_, prose) = split(&self.text);
        // Behind every odd backtick is code.
        prose.split('`').skip(1).step_by(2).map(|code| code.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// Where its links lead that are relative, without fragments.
    #[must_use]
    pub fn relative_links(&self) -> BTreeSet<String> {
        let (_, prose) = split(&self.text);
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
        let paths = targets.filter(|target| !target.contains("://")).filter_map(|target| target.split('#').next());
        paths.filter(|path| !path.is_empty()).map(str::to_owned).collect()
    }
}

/// The fenced blocks, and everything else.
fn split(text: &str) -> (Vec<Block>, String) {
    let (mut blocks, mut prose) = (Vec::new(), String::new());
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open.take()) {
            (Some(info), None) => {
                open = Some(Block { language: info.trim().to_owned(), line: index + 1, content: String::new() });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.content.extend([line, "\n"]);
                open = Some(block);
            }
            (None, None) => prose.extend([line, "\n"]),
        }
    }
    assert_eq!(open, None, "a fence that is not closed");
    (blocks, prose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_apart() {
        let text = "One `two\nthree` [four](five.md#six) [x](https://y.z)\n```sh\nrun me\n```\nseven `eight`\n";
        let page = Page { name: "p".into(), folder: PathBuf::new(), text: text.into() };
        assert_eq!(page.blocks(), [Block { language: "sh".into(), line: 3, content: "run me\n".into() }]);
        assert_eq!(page.inline_code(), ["two three", "eight"]);
        assert_eq!(page.relative_links(), BTreeSet::from(["five.md".to_owned()]));
    }
}
