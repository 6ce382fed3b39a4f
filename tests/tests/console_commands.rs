//! The commands that console pages name are commands of the binary.

use acceptance::binary;
use std::fs;
use std::path::PathBuf;

#[test]
fn every_command_that_a_page_names_exists() {
    let templates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/console/templates");
    let mut named = 0;
    for entry in fs::read_dir(templates).expect("the templates") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a template");
        for command in text.split("<code>sipwarden ").skip(1).filter_map(|rest| rest.split("</code>").next()) {
            let is_word = |word: &&str| word.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
            let mut words: Vec<&str> =
                command.split(' ').take_while(|word| is_word(word) && !word.starts_with('-')).collect();
            words.push("--help");
            let output = binary::command().args(&words).output().expect("the binary");
            assert!(output.status.success(), "{}: sipwarden {command}", path.display());
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}
