//! What columns are called elsewhere.

use crate::{Field, SourceError};

/// Names under which other systems keep a field, beside the API's own: those of Kamailio and OpenSIPS (`subscriber`), and
/// of Asterisk (`ps_auths`).
const ALIASES: [(&str, Field); 9] = [
    ("user", Field::Username),
    ("secret", Field::Password),
    ("ha1", Field::Ha1Md5),
    ("md5_cred", Field::Ha1Md5),
    ("ha1_sha512t256", Field::Ha1Sha512_256),
    ("ha1_sha512-256", Field::Ha1Sha512_256),
    ("domain", Field::Realm),
    ("note", Field::Description),
    ("comment", Field::Description),
];

/// Which column is which field. Columns of other names are passed over.
#[derive(Debug, Clone, Default)]
pub struct ColumnNames {
    /// What the operator says; it comes before all other names.
    said: Vec<(String, Field)>,
}

impl ColumnNames {
    /// Takes `FIELD=COLUMN`.
    ///
    /// # Errors
    /// [`SourceError::NotAColumn`].
    pub fn say(&mut self, text: &str) -> Result<(), SourceError> {
        let wrong = || SourceError::NotAColumn { text: text.to_owned() };
        let (field, column) = text.split_once('=').ok_or_else(wrong)?;
        let field = Field::ALL.into_iter().find(|known| known.as_str() == field).ok_or_else(wrong)?;
        if column.is_empty() {
            return Err(wrong());
        }
        self.said.push((column.to_owned(), field));
        Ok(())
    }

    /// The field of a column; where several columns are the same field, see [`fields`](Self::fields).
    fn field(&self, column: &str) -> Option<Field> {
        let column = column.trim().trim_start_matches('\u{feff}');
        if let Some((_, field)) = self.said.iter().find(|(said, _)| said.eq_ignore_ascii_case(column)) {
            return Some(*field);
        }
        let own = Field::ALL.into_iter().find(|field| field.as_str().eq_ignore_ascii_case(column));
        let found = own.or_else(|| {
            ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(column)).map(|(_, field)| *field)
        })?;
        // A field that was said to be elsewhere is not here too.
        (!self.said.iter().any(|(_, field)| *field == found)).then_some(found)
    }

    /// The fields of all columns, in their order.
    ///
    /// # Errors
    /// [`SourceError::NoUsername`] if no column is the username, [`SourceError::TwoColumns`] if two are the same field.
    pub fn fields<'c>(&self, columns: impl Iterator<Item = &'c str>) -> Result<Vec<Option<Field>>, SourceError> {
        let fields: Vec<Option<Field>> = columns.map(|column| self.field(column)).collect();
        for field in Field::ALL {
            if fields.iter().filter(|found| **found == Some(field)).count() > 1 {
                return Err(SourceError::TwoColumns { field: field.as_str() });
            }
        }
        if fields.contains(&Some(Field::Username)) { Ok(fields) } else { Err(SourceError::NoUsername) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(said: &[&str], columns: &[&str]) -> Result<Vec<Option<Field>>, String> {
        let mut names = ColumnNames::default();
        for text in said {
            names.say(text).map_err(|error| error.to_string())?;
        }
        names.fields(columns.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn known_tables_need_no_words() {
        let subscriber = ["id", "username", "domain", "password", "ha1", "ha1b"];
        assert_eq!(
            fields(&[], &subscriber).unwrap(),
            [None, Some(Field::Username), Some(Field::Realm), Some(Field::Password), Some(Field::Ha1Md5), None]
        );
        let ps_auths = ["id", "auth_type", "password", "username", "md5_cred", "realm"];
        let expected = [Field::Password, Field::Username, Field::Ha1Md5, Field::Realm].map(Some);
        assert_eq!(fields(&[], &ps_auths).unwrap(), [&[None, None], &expected[..]].concat());
    }

    #[test]
    fn what_is_said_comes_first() {
        let found = fields(&["realm=zone", "username=uid"], &["uid", "username", "zone", "domain", "HA1"]).unwrap();
        assert_eq!(found, [Some(Field::Username), None, Some(Field::Realm), None, Some(Field::Ha1Md5)]);
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for (said, columns) in [
            (&[][..], &["name", "password"][..]),
            (&[], &["username", "domain", "realm"]),
            (&["salt=x"], &["username"]),
        ] {
            assert!(fields(said, columns).is_err(), "{said:?} {columns:?}");
        }
    }
}
