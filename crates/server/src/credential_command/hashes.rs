//! HA1s on standard input. Never on the command line: they are as good as the password, and others on the machine can
//! read that.

use crate::failure::Failure;
use serde_json::{Map, Value};
use std::io::Read as _;
use zeroize::Zeroizing;

/// Far above three lines.
const MAX_STDIN_OCTETS: u64 = 4_096;

/// Reads lines of an algorithm, a colon and hexadecimal digits, as fields of a request.
pub(crate) fn read_lines() -> Result<Map<String, Value>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let unreadable = |_| refusal("the hashes on standard input cannot be read");
    std::io::stdin().take(MAX_STDIN_OCTETS).read_to_string(&mut text).map_err(unreadable)?;
    fields(&text)
}

fn fields(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (algorithm, digits) = line.split_once(':').ok_or_else(|| refusal("a line has no colon"))?;
        let field = match algorithm.trim().to_ascii_lowercase().as_str() {
            "md5" => "ha1_md5",
            "sha256" | "sha-256" => "ha1_sha256",
            "sha512-256" | "sha-512-256" => "ha1_sha512_256",
            _ => return Err(refusal("a line names another algorithm")),
        };
        if fields.insert(field.to_owned(), Value::String(digits.trim().to_owned())).is_some() {
            return Err(refusal("two lines name the same algorithm"));
        }
    }
    if fields.is_empty() { Err(refusal("there is no hash on standard input")) } else { Ok(fields) }
}

fn refusal(what: &str) -> Failure {
    Failure::Refused(format!("{what}; send one a line: md5:HEX, sha256:HEX or sha512-256:HEX"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_fields() {
        let read = |text: &str| fields(text).map(|fields| Value::Object(fields).to_string());
        assert_eq!(read("md5:AB\n\n SHA-256 : cd \r\n").ok().as_deref(), Some(r#"{"ha1_md5":"AB","ha1_sha256":"cd"}"#));
        for bad in ["", "\n", "abcdef", "sha1:ab", "md5:ab\nMD5:ab"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
