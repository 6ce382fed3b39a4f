//! A page of a list that is short enough to be read whole.

use crate::pagination::Meta;
use crate::problem::Problem;
use crate::{answer, link};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use storage::Page;

/// The window's part of the list, as an answer that leads to the next page where there is one.
pub(super) fn paged<'l, T, A: Serialize>(
    list: &'l [T],
    (window, uri): (Page, &Uri),
    body: impl FnOnce(Meta, &'l [T]) -> A,
) -> Result<Response, Problem> {
    let meta = Meta::new(window, u64::try_from(list.len()).unwrap_or(u64::MAX));
    let next = meta.next_query();
    let response = answer::json(StatusCode::OK, &body(meta, page_of(list, window)))?;
    Ok(link::with_next(response, uri, next))
}

fn page_of<T>(list: &[T], window: Page) -> &[T] {
    let start = usize::try_from(window.offset).unwrap_or(usize::MAX).min(list.len());
    let rest = list.get(start..).unwrap_or_default();
    let length = usize::try_from(window.limit).unwrap_or(usize::MAX).min(rest.len());
    rest.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        let check = |limit, offset| page_of(&[1, 2, 3], Page { limit, offset }).to_vec();
        assert_eq!(check(2, 0), [1, 2]);
        assert_eq!(check(2, 2), [3]);
        assert!(check(2, 3).is_empty());
        assert!(check(2, u64::MAX).is_empty());
    }
}
