//! One value, whatever is in it.

use std::fmt::{self, Write as _};

/// Character data or an attribute's value in XML (XML 1.0 sections 2.2 and 2.4): what XML cannot hold at all becomes
/// U+FFFD.
pub(crate) struct Xml<T>(pub(crate) T);

/// The rest of a line. What could begin another line becomes a space.
pub(crate) struct Line<T>(pub(crate) T);

impl<T: AsRef<str>> fmt::Display for Xml<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}'),
            other if other.is_control() => f.write_char('\u{fffd}'),
            other => f.write_char(other),
        })
    }
}

impl<T: AsRef<str>> fmt::Display for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().chars().try_for_each(|character| {
            let ends_it = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
            f.write_char(if ends_it { ' ' } else { character })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_value() {
        let text = "a\"b'c<d>&e\r\nf\u{85}g\u{2028}h\0\u{ffff}";
        assert_eq!(
            Xml(text).to_string(),
            "a&quot;b&#39;c&lt;d&gt;&amp;e\u{fffd}\u{fffd}f\u{fffd}g\u{2028}h\u{fffd}\u{fffd}"
        );
        assert_eq!(Line(text).to_string(), "a\"b'c<d>&e  f g h \u{ffff}");
    }
}
