//! Lists as text.

use serde_json::Value;

/// A column: its heading and the field it shows.
pub(crate) type Column = (&'static str, &'static str);

/// The objects in columns as wide as what is in them.
pub(crate) fn table(columns: &[Column], objects: &[Value]) -> String {
    let shown = |object: &Value, field: &str| match object.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    };
    let heading: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let rows = objects.iter().map(|object| columns.iter().map(|(_, field)| shown(object, field)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let objects = [json!({"a": "x", "b": true}), json!({"a": "long", "b": null})];
        assert_eq!(table(&[("A", "a"), ("ON", "b")], &objects), "A     ON\nx     yes\nlong  -\n");
    }
}
