//! Authentication events as they happen, for as long as whoever watches may.

use crate::asker::Asker;
use crate::{AccountScope, AuthEventsRequest, ExplainedEvent, InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuthId, AuthRecordId};
use std::collections::HashMap;
use storage::{
    AuthEventFilter, AuthEventWatch, KeptAuthRecord, LiveAuthEvents, RecordsFrom, RecordsOf, TooManyWatchers,
};

/// Most records read at once when somebody takes up where they left.
const CATCH_UP: u32 = 100;

/// Whoever watches, and what.
pub struct AuthEventStream {
    reader: Reader,
    filter: AuthEventFilter,
    watch: Box<dyn AuthEventWatch>,
    /// The newest record told so far, and whether older ones are still to be read.
    last: Option<AuthRecordId>,
    is_behind: bool,
}

/// What lets somebody watch.
#[derive(Clone)]
pub struct WatchPermission(Asker);

/// Who watches.
enum Reader {
    Account(AccountScope),
    Operator(InstallationOperator),
}

/// What is told.
#[derive(Debug)]
pub enum Streamed {
    /// An event in words.
    Event(Box<ExplainedEvent>),
    /// So many came faster than they were taken; the list has them.
    Missed(u64),
    /// Nothing, for now: what was asked for is under way.
    Nothing,
}

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// As a list would be refused.
    #[error(transparent)]
    Refused(#[from] ProvisioningError),
    /// As many watch already as may.
    #[error(transparent)]
    TooMany(#[from] TooManyWatchers),
}

impl AuthEventStream {
    /// What lets whoever watches do so, to be asked for again and again.
    #[must_use]
    pub fn permission(&self) -> WatchPermission {
        WatchPermission(match &self.reader {
            Reader::Account(scope) => scope.asker().clone(),
            Reader::Operator(operator) => operator.asker().clone(),
        })
    }
}

impl Provisioning {
    /// Watches the account's events that match, from the one after that cursor, or from now on where it is empty.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn watch_auth_events(
        &self,
        scope: &AccountScope,
        live: &dyn LiveAuthEvents,
        request: &AuthEventsRequest,
    ) -> Result<AuthEventStream, StreamError> {
        let filter = request.filter(RecordsOf::Account(scope.account()));
        let last = match &*request.cursor {
            "" => None,
            cursor => Some(self.open_event_id(scope.auth_id(), cursor).ok_or(ProvisioningError::BadCursor)?),
        };
        stream(Reader::Account(scope.clone()), live, (filter, last))
    }

    /// Watches everybody's events, or those of one account.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn watch_auth_events_for_operator(
        &self,
        operator: &InstallationOperator,
        live: &dyn LiveAuthEvents,
        (account, request): (Option<AuthId>, &AuthEventsRequest),
    ) -> Result<AuthEventStream, StreamError> {
        let filter = request.filter(self.records_for_operator(account)?);
        let last = match &*request.cursor {
            "" => None,
            cursor => Some(cursor.parse().map(AuthRecordId).map_err(|_| ProvisioningError::BadCursor)?),
        };
        stream(Reader::Operator(operator.clone()), live, (filter, last))
    }

    /// Whether whoever watches may still do so: the token was not revoked, has not expired, and its account and that
    /// one's parent are enabled.
    #[must_use]
    pub fn may_still_watch(&self, permission: &WatchPermission) -> bool {
        permission.0.check_still_admitted(self.parts.clock.now()).is_ok()
    }

    /// What comes next; `None` once the server stops. To be
    /// awaited to its end, or a record may be left out.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn next_of_stream(
        &self,
        stream: &mut AuthEventStream,
    ) -> Result<Option<Vec<Streamed>>, ProvisioningError> {
        if stream.is_behind {
            let from = RecordsFrom::After(stream.last.unwrap_or(AuthRecordId(0)));
            let kept = self.storage().auth_events(stream.filter.clone(), from, CATCH_UP).await?;
            stream.is_behind = kept.len() == CATCH_UP as usize;
            return self.told(stream, kept).await.map(Some);
        }
        match stream.watch.next().await {
            None => Ok(None),
            Some(storage::Watched::Missed(count)) => Ok(Some(vec![Streamed::Missed(count)])),
            // Told already, from storage.
            Some(storage::Watched::Record(kept)) if stream.last.is_some_and(|last| kept.id <= last) => {
                Ok(Some(vec![Streamed::Nothing]))
            }
            Some(storage::Watched::Record(kept)) => {
                self.told(stream, vec![KeptAuthRecord::clone(&kept)]).await.map(Some)
            }
        }
    }

    async fn told(
        &self,
        stream: &mut AuthEventStream,
        kept: Vec<KeptAuthRecord>,
    ) -> Result<Vec<Streamed>, ProvisioningError> {
        let mut known = HashMap::new();
        let mut told = Vec::with_capacity(kept.len());
        for kept in kept {
            stream.last = Some(kept.id);
            let view = match &stream.reader {
                Reader::Account(scope) => self.event_of_account(scope.auth_id(), kept),
                Reader::Operator(_) => self.event_for_operator(kept),
            };
            told.push(Streamed::Event(Box::new(self.explained(view, &mut known).await?)));
        }
        Ok(told)
    }
}

/// Watches before anything is read, so that nothing comes between.
fn stream(
    reader: Reader,
    live: &dyn LiveAuthEvents,
    (filter, last): (AuthEventFilter, Option<AuthRecordId>),
) -> Result<AuthEventStream, StreamError> {
    let watch = live.watch(filter.clone())?;
    Ok(AuthEventStream { reader, filter, watch, is_behind: last.is_some(), last })
}
