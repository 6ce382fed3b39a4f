//! Fenced blocks of the seed documents.

/// The contents of every fenced block whose opening line starts with that language, without the fence's indentation.
#[must_use]
pub fn fenced_blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        let ticks = text.chars().take_while(|character| *character == '`').count();
        let rest = text.get(ticks..).unwrap_or_default();
        let ours = rest.split_whitespace().next() == Some(language);
        if ticks < 3 {
            continue;
        }
        let indentation = line.len() - text.len();
        let mut block = String::new();
        // The closing fence is as long as the opening one; whatever follows it on its line belongs to nobody.
        for inner in lines.by_ref().take_while(|inner| !inner.trim_start().starts_with(&"`".repeat(ticks))) {
            block.push_str(inner.get(indentation.min(inner.len() - inner.trim_start().len())..).unwrap_or_default());
            block.push('\n');
        }
        if ours {
            blocks.push(block);
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::fenced_blocks;

    #[test]
    fn blocks_are_found_by_language_and_unindented() {
        let document =
            "a\n```json x y={z}\n{\n  1\n```\n  ```bash\n  b\n  ```\n````json\n```\n````> rest\n```http\nq\n```\n";
        assert_eq!(fenced_blocks(document, "json"), ["{\n  1\n", "```\n"]);
        assert_eq!(fenced_blocks(document, "bash"), ["b\n"]);
    }
}
