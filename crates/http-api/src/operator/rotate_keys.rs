//! `POST /admin/v1/keys/rotate`

use super::access::Access;
use crate::api::Shared;
use crate::problem::{ErrorBody, Problem};
use crate::stream_body::StreamBody;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use provisioning::{KeysRotated, OldKeys, RotationError, RotationProgress, RotationStart};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::mpsc;
use utoipa::ToSchema;

const JSON_LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");
/// Lines that wait for the client; progress that finds no room is not told.
const WAITING_LINES: usize = 16;

/// A line of the answer: all but the last tell how far the rotation is, the last how it ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationLine {
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<Progress>,
    /// What it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rotated: Option<Rotated>,
    /// Why it did not end; rotating again goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "the rotation was interrupted; run `sipwarden keys rotate` again to finish it"
    )]
    error: Option<String>,
}

/// How far a rotation is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotationProgress)]
pub(crate) struct Progress {
    /// From 1; the first pass seals anew, later ones look for what came in between.
    pass: u32,
    /// Credentials of this pass that have been looked at.
    done: u64,
    /// Credentials there were when it began.
    total: u64,
}

/// What a rotation did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeysRotated)]
pub(crate) struct Rotated {
    /// `new_key`, or `keys_at_hand` where it went on with one that had been put first before.
    #[schema(pattern = "^(new_key|keys_at_hand)$", example = "new_key")]
    start: &'static str,
    /// Credentials sealed anew.
    credentials: u64,
    /// Remembered answers sealed anew.
    answers: u64,
    /// Passwords of origination URIs sealed anew.
    upstream_secrets: u64,
    /// Passwords of origination URIs that do not open, which were left as they are; setting them mends them.
    upstream_secrets_not_opened: u64,
    /// Secrets of webhooks sealed anew.
    webhook_secrets: u64,
    /// Secrets of webhooks that do not open, which were left as they are; rotating them mends them.
    webhook_secrets_not_opened: u64,
    /// Credentials that do not open, which were left as they are; setting their passwords mends them.
    not_opened: u64,
    /// The first twenty of them.
    not_opened_ids: Vec<String>,
    /// `dropped` from where keys are kept, `may_be_removed` from there by the operator, or `kept` because something did
    /// not open.
    #[schema(pattern = "^(dropped|may_be_removed|kept)$", example = "dropped")]
    old_keys: &'static str,
    /// The keys that sealed before, by their identifiers.
    old_key_ids: Vec<u32>,
}

/// Rotate the master key
///
/// Seals everything anew with a new key while serving, or finishes a rotation that was interrupted. Answers in JSON
/// lines as it goes; it goes on when the client goes away.
#[utoipa::path(
    post,
    path = "/admin/v1/keys/rotate",
    operation_id = "operator-rotate-keys",
    responses(
        (status = 200, description = "Lines of progress, then one of the outcome", body = RotationLine,
         content_type = "application/x-ndjson"),
        (status = 409, description = "A rotation is under way", body = ErrorBody),
    )
)]
pub(crate) async fn rotate(State(shared): State<Arc<Shared>>, Access(operator): Access) -> Result<Response, Problem> {
    let operator_api = shared.config.operator_api.as_ref().ok_or(Problem::UnknownPath)?;
    let keys = Arc::clone(&operator_api.keys);
    let (sender, mut lines) = mpsc::channel(WAITING_LINES);
    let progress = sender.clone();
    let on_progress = Box::new(move |now: RotationProgress| {
        // A client that reads slowly misses some; the outcome it gets.
        let _ = progress.try_send(Ok(RotationLine::progress(now)));
    });
    tokio::spawn(async move {
        let outcome = keys.rotate(operator, on_progress).await.map(|rotated| RotationLine::rotated(&rotated));
        // Nobody may be listening any more.
        let _ = sender.send(outcome).await;
    });
    // What is refused at once is refused with its status.
    let first = match lines.recv().await {
        Some(first) => first.map_err(Problem::RotationFailed)?,
        None => return Err(Problem::RotationFailed(RotationError::Interrupted)),
    };
    let mut response = Response::new(Body::new(StreamBody::of_lines(first.printed(), lines, RotationLine::outcome)));
    response.headers_mut().insert(CONTENT_TYPE, JSON_LINES);
    Ok(response)
}

impl RotationLine {
    const EMPTY: Self = Self { progress: None, rotated: None, error: None };

    fn progress(RotationProgress { pass, done, total }: RotationProgress) -> Self {
        Self { progress: Some(Progress { pass, done, total }), ..Self::EMPTY }
    }

    fn rotated(rotated: &KeysRotated) -> Self {
        let KeysRotated { start, credentials, answers, not_opened, old_keys, .. } = rotated;
        let start = match start {
            RotationStart::NewKey => "new_key",
            RotationStart::KeysAtHand => "keys_at_hand",
        };
        let (old_keys, ids) = match old_keys {
            OldKeys::Dropped(ids) => ("dropped", ids),
            OldKeys::MayBeRemoved(ids) => ("may_be_removed", ids),
            OldKeys::Kept(ids) => ("kept", ids),
        };
        let rotated = Rotated {
            start,
            credentials: *credentials,
            answers: *answers,
            upstream_secrets: rotated.upstream_secrets,
            upstream_secrets_not_opened: rotated.upstream_secrets_not_opened,
            webhook_secrets: rotated.webhook_secrets,
            webhook_secrets_not_opened: rotated.webhook_secrets_not_opened,
            not_opened: not_opened.count,
            not_opened_ids: not_opened.first.iter().map(ToString::to_string).collect(),
            old_keys,
            old_key_ids: ids.clone(),
        };
        Self { rotated: Some(rotated), ..Self::EMPTY }
    }

    fn outcome(outcome: Result<Self, RotationError>) -> Bytes {
        let line = outcome.unwrap_or_else(|error| {
            tracing::error!(%error, "the rotation of keys did not end");
            Self { error: Some(error.to_string()), ..Self::EMPTY }
        });
        line.printed()
    }

    fn printed(&self) -> Bytes {
        // Numbers and text always print.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}
