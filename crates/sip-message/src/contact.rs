//! Contact (RFC 3261 section 20.10).

use crate::grammar::Cursor;
use crate::{Defect, HeaderName, NameAddr};

/// One value of a Contact header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contact<'m> {
    /// `*`, which stands alone in a REGISTER that removes every binding.
    Wildcard,
    /// An address with its parameters.
    Address(NameAddr<'m>),
}

impl<'m> Contact<'m> {
    /// Reads one value and stops before the comma or end behind it.
    pub(crate) fn read(cursor: &mut Cursor<'m>) -> Result<Self, Defect> {
        cursor.skip_space();
        let mut ahead = *cursor;
        if ahead.take(b'*').is_some() {
            ahead.skip_space();
            if matches!(ahead.peek(), None | Some(b',')) {
                *cursor = ahead;
                return Ok(Self::Wildcard);
            }
        }
        NameAddr::read(cursor, HeaderName::Contact).map(Self::Address)
    }
}
