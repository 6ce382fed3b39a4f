//! `limit` and `offset` of a list.

use crate::field_problems::FieldProblems;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::request::Parts;
use std::ops::RangeInclusive;
use storage::Page;

const LIMITS: RangeInclusive<u64> = 1..=1000;
const DEFAULT_LIMIT: u64 = 20;
/// Up to the largest number that every client and every database can hold.
const OFFSETS: RangeInclusive<u64> = 0..=i64::MAX.unsigned_abs();

/// The window that a list's query asks for. Parameters we do not know are ignored.
pub(crate) struct Window(pub Page);

impl<S: Sync> FromRequestParts<S> for Window {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| Problem::Query)?;
        let mut problems = FieldProblems::default();
        let limit = number(&pairs, "limit", LIMITS, &mut problems).unwrap_or(DEFAULT_LIMIT);
        let offset = number(&pairs, "offset", OFFSETS, &mut problems).unwrap_or(0);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        if problems.is_empty() { Ok(Self(Page { limit, offset })) } else { Err(Problem::Fields(problems)) }
    }
}

fn number(
    pairs: &[(String, String)],
    name: &'static str,
    range: RangeInclusive<u64>,
    problems: &mut FieldProblems,
) -> Option<u64> {
    let mut values = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    let value = values.next()?;
    if values.next().is_some() {
        problems.note(name, "must be given only once");
        return None;
    }
    // `parse` alone would also take a sign.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|number| digits && range.contains(number));
    if number.is_none() {
        problems.note(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn window(query: &str) -> Result<(u32, u64), String> {
        let (mut parts, ()) = Request::get(format!("/x{query}")).body(()).unwrap().into_parts();
        match Window::from_request_parts(&mut parts, &()).await {
            Ok(Window(page)) => Ok((page.limit, page.offset)),
            Err(Problem::Fields(problems)) => Err(problems.sentence()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[tokio::test]
    async fn windows() {
        for (query, expected) in [
            ("", (20, 0)),
            ("?", (20, 0)),
            ("?limit=1", (1, 0)),
            ("?limit=1000&offset=9223372036854775807", (1000, 9_223_372_036_854_775_807)),
            ("?page=3&sort=x&page=4&LIMIT=7", (20, 0)),
            ("?limit=%35&offset=007", (5, 7)),
        ] {
            assert_eq!(window(query).await, Ok(expected), "{query}");
        }
        let limit = "limit must be a whole number from 1 to 1000";
        let offset = "offset must be a whole number from 0 to 9223372036854775807";
        for query in [
            "0",
            "-1",
            "1001",
            "99999999999",
            "99999999999999999999999",
            "",
            "x",
            "+5",
            "%2B5",
            "1.0",
            "1e2",
            "%FF",
            "%",
        ] {
            assert_eq!(window(&format!("?limit={query}")).await, Err(limit.into()), "{query}");
        }
        for query in ["-1", "9223372036854775808", "", "x", "٣"] {
            assert_eq!(
                window(&format!("?offset={}", query.replace('٣', "%D9%A3"))).await,
                Err(offset.into()),
                "{query}"
            );
        }
        assert_eq!(window("?limit=5&limit=5").await, Err("limit must be given only once".into()));
        assert_eq!(window("?limit=0&offset=-1").await, Err(format!("{limit}; {offset}")));
    }
}
