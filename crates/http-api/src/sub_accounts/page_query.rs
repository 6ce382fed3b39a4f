//! `page`, `size` and `active_only` of the list.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::ops::RangeInclusive;
use storage::{Page, SubAccountFilter};
use utoipa::IntoParams;

const PAGES: RangeInclusive<u64> = 1..=1_000_000;
const SIZES: RangeInclusive<u64> = 1..=1000;
const DEFAULT_SIZE: u64 = 25;

/// Which sub-accounts are asked for.
#[derive(Clone, Copy)]
pub(crate) struct PageQuery {
    pub page: u64,
    pub size: u64,
    pub filter: SubAccountFilter,
}

/// The same in words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `PageQuery` reads")]
pub(crate) struct PageParameters {
    /// Which page, from 1.
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u64>,
    /// Most sub-accounts on a page.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    size: Option<u64>,
    /// Whether disabled ones are left out.
    #[param(default = false)]
    active_only: Option<bool>,
}

impl PageQuery {
    pub fn window(&self) -> Page {
        let limit = u32::try_from(self.size).unwrap_or(u32::MAX);
        Page { limit, offset: (self.page - 1).saturating_mul(self.size) }
    }

    /// The query of the next page, where there is one.
    pub fn next_query(&self, total: u64) -> Option<String> {
        let active_only = if self.filter == SubAccountFilter::Enabled { "&active_only=true" } else { "" };
        let there_is = self.page.saturating_mul(self.size) < total && self.page < *PAGES.end();
        there_is.then(|| format!("page={}&size={}{active_only}", self.page + 1, self.size))
    }
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let page = query.number("page", PAGES).unwrap_or(1);
        let size = query.number("size", SIZES).unwrap_or(DEFAULT_SIZE);
        let active_only = query.flag("active_only").unwrap_or(false);
        let filter = if active_only { SubAccountFilter::Enabled } else { SubAccountFilter::All };
        query.finish(Self { page, size, filter })
    }
}
