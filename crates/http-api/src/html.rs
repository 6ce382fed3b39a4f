//! HTML, written so that no text can become markup.

use std::fmt::Display;

/// A growing piece of HTML.
#[derive(Default)]
pub(crate) struct Html(String);

impl Html {
    /// Appends markup as it stands: for our own literals only.
    pub fn markup(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    /// Appends text.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        self.0.push_str(&escaped(&text.to_string()));
        self
    }

    /// Appends text in an element without attributes.
    pub fn element(&mut self, name: &'static str, text: impl Display) -> &mut Self {
        self.open(name, &[]).text(text).close(name)
    }

    /// Appends a start tag.
    pub fn open(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push_str(&format!(" {attribute}=\"{}\"", escaped(value)));
        }
        self.0.push('>');
        self
    }

    /// Appends an end tag.
    pub fn close(&mut self, name: &'static str) -> &mut Self {
        self.0.push_str(&format!("</{name}>"));
        self
    }

    /// Appends prose in which `` `code` `` is set apart.
    pub fn prose(&mut self, text: &str) -> &mut Self {
        for (number, part) in text.split('`').enumerate() {
            if number % 2 == 1 {
                self.element("code", part);
            } else {
                self.text(part);
            }
        }
        self
    }

    /// Appends an image that a library drew from what it was given as numbers.
    pub fn image(&mut self, svg: &str) -> &mut Self {
        self.0.push_str(svg);
        self
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut html = Html::default();
        html.open("a", &[("href", "\"><script>")]).prose("<b> & `<redacted>`").close("a");
        assert_eq!(
            html.finish(),
            "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt; &amp; <code>&lt;redacted&gt;</code></a>"
        );
    }
}
