//! What the address of a list says: which part, filtered and sorted how.

use crate::limits::ROWS;
use std::collections::HashMap;
use storage::Page;

/// The query of a list's address, read leniently: what makes no sense is as if it were not there.
pub(crate) struct ListQuery(HashMap<String, String>);

/// The links to the pages around this one.
pub(crate) struct Pager {
    pub first: u64,
    pub last: u64,
    pub total: u64,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl ListQuery {
    pub fn new(query: HashMap<String, String>) -> Self {
        Self(query)
    }

    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map(|value| value.trim()).unwrap_or_default()
    }

    /// From 1.
    pub fn number(&self) -> u64 {
        self.text("page").parse().unwrap_or(1).clamp(1, u64::from(u32::MAX))
    }

    pub fn page(&self) -> Page {
        Page { limit: ROWS, offset: (self.number() - 1).saturating_mul(ROWS.into()) }
    }

    /// The same query with one thing changed; empty values are left out.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut pairs: Vec<_> = self.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        pairs.retain(|(key, value)| *key != name && *key != "done" && !value.is_empty());
        if name != "page" {
            pairs.retain(|(key, _)| *key != "page");
        }
        if !value.is_empty() {
            pairs.push((name, value));
        }
        pairs.sort_unstable();
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    pub fn pager(&self, path: &str, shown: usize, total: u64) -> Pager {
        let Page { offset, .. } = self.page();
        let last = offset + shown as u64;
        let link = |number: u64| format!("{path}?{}", self.with("page", &number.to_string()));
        Pager {
            first: if shown == 0 { 0 } else { offset + 1 },
            last,
            total,
            previous: (self.number() > 1).then(|| link(self.number() - 1)),
            next: (last < total && shown > 0).then(|| link(self.number() + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_what_was_asked_and_pages_have_neighbours() {
        let query = [("q", "a&b"), ("page", "3"), ("empty", "")].map(|(key, value)| (key.into(), value.into()));
        let query = ListQuery::new(query.into_iter().collect());
        assert_eq!(query.with("sort", "username"), "q=a%26b&sort=username");
        let pager = query.pager("/x", 50, 151);
        assert_eq!((pager.first, pager.last), (101, 150));
        assert_eq!(pager.previous.as_deref(), Some("/x?page=2&q=a%26b"));
        assert_eq!(pager.next.as_deref(), Some("/x?page=4&q=a%26b"));
        assert_eq!(ListQuery::new(HashMap::from([("page".into(), "-1".into())])).page().offset, 0);
    }
}
