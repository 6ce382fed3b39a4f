//! Reading a list's query, and the `limit` and `offset` that most lists take.

use crate::field_problems::FieldProblems;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use storage::Page;
use utoipa::{IntoParams, ToSchema};

const LIMITS: RangeInclusive<u64> = 1..=1000;
const DEFAULT_LIMIT: u64 = 20;
/// Up to the largest number that every client and every database can hold.
const OFFSETS: RangeInclusive<u64> = 0..=i64::MAX.unsigned_abs();

/// The same in words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Window` reads")]
pub(crate) struct WindowParameters {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// How many objects to skip.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64, default = 0)]
    offset: Option<u64>,
}

/// The window that a list's query asks for. Parameters we do not know are ignored.
pub(crate) struct Window(pub Page);

/// Which window of a list an answer is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    limit: u32,
    /// How many were skipped.
    #[schema(minimum = 0, example = 0)]
    offset: u64,
    /// How many there are in all.
    #[schema(minimum = 0, example = 1)]
    total: u64,
}

impl Meta {
    pub const fn new(page: Page, total: u64) -> Self {
        Self { limit: page.limit, offset: page.offset, total }
    }

    /// The query of the next page, where there is one.
    pub fn next_query(&self) -> Option<String> {
        let next = self.offset.saturating_add(u64::from(self.limit));
        (next < self.total).then(|| format!("limit={}&offset={next}", self.limit))
    }
}

impl<S: Sync> FromRequestParts<S> for Window {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let page = Page { limit: query.limit(), offset: query.offset().unwrap_or(0) };
        query.finish(Self(page))
    }
}

/// A query whose parameters are taken out one by one; what is wrong with them gathers in it.
pub(crate) struct QueryReader {
    pairs: Vec<(String, String)>,
    problems: FieldProblems,
}

impl QueryReader {
    pub fn read(uri: &Uri) -> Result<Self, Problem> {
        let Query(pairs) = Query::try_from_uri(uri).map_err(|_| Problem::Query)?;
        Ok(Self { pairs, problems: FieldProblems::default() })
    }

    /// `limit`, 20 where it is not given.
    pub fn limit(&mut self) -> u32 {
        let limit = self.number("limit", LIMITS).unwrap_or(DEFAULT_LIMIT);
        u32::try_from(limit).unwrap_or(u32::MAX)
    }

    /// `offset`, if it is given.
    pub fn offset(&mut self) -> Option<u64> {
        self.number("offset", OFFSETS)
    }

    /// A whole number within bounds, if it is given.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.text(name)?;
        // `parse` alone would also take a sign.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|number| digits && range.contains(number));
        if number.is_none() {
            self.note(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// `true` or `false`, if it is given.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.text(name)?;
        let flag = value.parse().ok();
        if flag.is_none() {
            self.note(name, "must be true or false");
        }
        flag
    }

    /// A text, if it is given.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = values.next()?.clone();
        if values.next().is_some() {
            self.note(name, "must be given only once");
            return None;
        }
        Some(value)
    }

    /// A parameter's value, if it is given; what is wrong with it is noted.
    pub fn parsed<T, E: Display>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|problem| self.note(name, problem.to_string())).ok()
    }

    /// Notes that a parameter is wrong.
    pub fn note(&mut self, name: &'static str, problem: impl Into<Cow<'static, str>>) {
        self.problems.note(name, problem);
    }

    /// The value read from the query, unless anything about it was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.problems.is_empty() { Ok(value) } else { Err(Problem::Fields(self.problems)) }
    }
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
