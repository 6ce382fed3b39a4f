//! Bodies of many rows: one JSON object a line.

use crate::api::Shared;
use crate::body::{is_of_type, read};
use crate::problem::Problem;
use axum::extract::{FromRequest, Request};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Most rows of a request: an answer is not long in coming, and storage takes them in two transactions.
pub(crate) const MAX_ROWS: usize = 1000;
/// Most octets of such a request.
const MAX_OCTETS: usize = 1 << 20;
/// The names by which JSON Lines go.
const TYPES: [&[u8]; 3] = [b"application/x-ndjson", b"application/jsonl", b"application/x-jsonlines"];

/// The octets of a body that says it is JSON Lines. Wiped when dropped, because passwords arrive in it.
pub(crate) struct RowsBody(Zeroizing<Vec<u8>>);

impl RowsBody {
    /// The rows: lines that are not empty, at most [`MAX_ROWS`].
    pub fn rows(&self) -> Result<Vec<&[u8]>, Problem> {
        let lines = self.0.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let rows: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).take(MAX_ROWS + 1).collect();
        if rows.len() > MAX_ROWS { Err(Problem::TooManyRows { max_rows: MAX_ROWS }) } else { Ok(rows) }
    }
}

impl FromRequest<Arc<Shared>> for RowsBody {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if !is_of_type(request.headers(), &TYPES) {
            return Err(Problem::NotJsonLines);
        }
        let reading = read(request.into_body(), MAX_OCTETS);
        let octets = tokio::time::timeout(shared.config.body_read_timeout, reading).await;
        octets.map_err(|_| Problem::BodyTooSlow)?.map(Self)
    }
}
