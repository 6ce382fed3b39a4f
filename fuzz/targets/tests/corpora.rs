//! The corpora, replayed on stable; and what they came from, so that a target without one is noticed.

use fuzz_targets::TARGETS;
use std::fs;
use std::path::Path;

#[test]
fn every_input_of_every_corpus_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (name, target) in TARGETS {
        let folder = root.join("corpus").join(name);
        let inputs: Vec<_> =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten().collect();
        assert!(inputs.len() >= 8, "{name} has {} inputs only", inputs.len());
        for input in inputs {
            let octets = fs::read(input.path()).unwrap();
            println!("{name} {}", input.path().display());
            target(&octets);
            // Cut short, too, as a datagram may be.
            (0..octets.len()).step_by(7).for_each(|length| target(&octets[..length]));
        }
        assert!(root.join("fuzz_targets").join(format!("{name}.rs")).is_file(), "{name} has no target for cargo-fuzz");
    }
}
