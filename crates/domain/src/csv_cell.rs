//! Texts of strangers in tables: a cell must neither break its line nor be run by the spreadsheet that opens it.

use std::borrow::Cow;

/// Whether a spreadsheet would take the text for a formula.
#[must_use]
pub fn starts_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text as a cell of CSV (RFC 4180 section 2). What a spreadsheet would take for a formula is led by an apostrophe,
/// which makes it a text.
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let formula = starts_a_formula(text);
    if !formula && !text.contains(['"', ',', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    let apostrophe = if formula { "'" } else { "" };
    Cow::Owned(format!("\"{apostrophe}{}\"", text.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_line() {
        for (cell, written) in [
            ("phone/1", "phone/1"),
            ("a,b", "\"a,b\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+49", "\"'+49\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\tx", "\"'\tx\""),
            ("", ""),
        ] {
            assert_eq!(csv_cell(cell), written, "{cell}");
        }
    }
}
