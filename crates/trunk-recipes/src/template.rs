//! Templates: `{{name}}` is a value, `{{#name}}…{{/name}}` a part that stands as often as the name says.
//!
//! One pass from front to back: what a value holds is never read as a template again.

use crate::RecipeError;
use serde_json::Value;
use std::collections::BTreeMap;

/// How values are written so that they stay values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Values are whole JSON values; parts that stand several times are divided by commas.
    Json,
    /// `key=value` lines in which `;` begins a comment.
    Ini,
    /// Values stand within attributes and comments.
    Xml,
}

/// The values of one place, by name.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// What a template is filled in from.
#[derive(Default)]
pub(crate) struct Fill {
    pub(crate) values: Values,
    /// For each part, the further values of each time that it stands.
    pub(crate) parts: BTreeMap<&'static str, Vec<Values>>,
}

/// Fills a template in.
pub(crate) fn render(template: &str, format: Format, fill: &Fill) -> Result<String, RecipeError> {
    let mut rendered = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        rendered.push_str(before);
        let (name, after) = after.split_once("}}").ok_or_else(|| unknown("{{"))?;
        rest = match name.strip_prefix('#') {
            Some(part) => {
                let (content, after) = after.split_once(&format!("{{{{/{part}}}}}")).ok_or_else(|| unknown(part))?;
                let times = fill.parts.get(part).ok_or_else(|| unknown(part))?;
                let filled: Result<Vec<_>, _> =
                    times.iter().map(|values| render(content, format, &fill.with(values))).collect();
                rendered.push_str(&filled?.join(if format == Format::Json { "," } else { "" }));
                after
            }
            None => {
                rendered.push_str(&written(fill.values.get(name).ok_or_else(|| unknown(name))?, format)?);
                after
            }
        };
    }
    rendered.push_str(rest);
    Ok(rendered)
}

impl Fill {
    fn with(&self, further: &Values) -> Self {
        let mut values = self.values.clone();
        values.extend(further.iter().map(|(name, value)| (*name, value.clone())));
        Self { values, parts: BTreeMap::new() }
    }
}

fn unknown(name: &str) -> RecipeError {
    RecipeError::Template { name: name.to_owned() }
}

fn written(value: &Value, format: Format) -> Result<String, RecipeError> {
    if format == Format::Json {
        return Ok(value.to_string());
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().any(char::is_control) {
        return Err(RecipeError::Unwritable { value: text });
    }
    Ok(match format {
        Format::Ini => text.replace(';', "\\;"),
        // `$` may begin a variable that FreeSWITCH fills in before it reads the XML.
        _ => text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&apos;"),
                '$' => escaped.push_str("&#36;"),
                other => escaped.push(other),
            }
            escaped
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(text: &str) -> Fill {
        let parts =
            [("both", vec![Values::from([("n", json!(1))]), Values::from([("n", json!(2))])]), ("none", vec![])];
        Fill { values: Values::from([("text", json!(text))]), parts: parts.into() }
    }

    #[test]
    fn values_stay_values() {
        for (format, text, expected) in [
            (Format::Json, "a\"\r\n{{text}}", r#""a\"\r\n{{text}}""#),
            (Format::Ini, "a;b{{text}}", "a\\;b{{text}}"),
            (Format::Xml, "<a b='c' d=\"&$\">", "&lt;a b=&apos;c&apos; d=&quot;&amp;&#36;&quot;&gt;"),
        ] {
            assert_eq!(render("{{text}}", format, &fill(text)).unwrap(), expected);
        }
        for format in [Format::Ini, Format::Xml] {
            assert!(render("x={{text}}", format, &fill("a\npassword=b")).is_err());
            assert!(render("x={{text}}", format, &fill("a\u{85}b")).is_err());
        }
    }

    #[test]
    fn parts_stand_as_often_as_said() {
        let rendered = |template, format| render(template, format, &fill("t")).unwrap();
        assert_eq!(rendered("[{{#both}}{{n}}{{text}}{{/both}}{{#none}}x{{/none}}]", Format::Json), "[1\"t\",2\"t\"]");
        assert_eq!(rendered("{{#both}}{{n}}{{text}}\n{{/both}}", Format::Ini), "1t\n2t\n");
    }

    #[test]
    fn what_nothing_fills_in_is_an_error() {
        for template in ["{{other}}", "{{text", "{{#other}}{{/other}}", "{{#both}}{{n}}", "{{#both}}{{x}}{{/both}}"] {
            assert!(render(template, Format::Json, &fill("t")).is_err(), "{template}");
        }
    }
}
