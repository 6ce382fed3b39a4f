//! From a final response to the next attempt or the end: which challenge is answered, and when the password counts as
//! refused.

use crate::authentication::{Challenges, Claimant, Session};
use crate::masking::escaped;
use crate::request::Purpose;
use crate::{Account, NonceReuse, Outcome};
use sip_digest::HashAlgorithm;
use sip_message::{HeaderName, Response};

/// The account and the sessions with its server, one for each kind of request: a server may challenge them apart.
pub(crate) struct Authenticator {
    pub(crate) account: Account,
    pub(crate) nonce_reuse: NonceReuse,
    domain_uri: String,
    register_session: Option<Session>,
    options_session: Option<Session>,
}

/// A request about to be sent.
pub(crate) struct Attempt {
    standing: Standing,
    /// What the request is authenticated with, if it is.
    pub(crate) credentials: Option<Credentials>,
}

/// Credentials for one request.
pub(crate) struct Credentials {
    /// The header they go into.
    pub(crate) header: HeaderName,
    /// That header's value.
    pub(crate) value: Vec<u8>,
    /// The hash they were made with.
    pub(crate) hash: HashAlgorithm,
}

/// How an exchange ended and what its last response told.
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) server_proved_itself: Option<bool>,
    pub(crate) contacts: Vec<String>,
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, server_proved_itself: None, contacts: Vec::new() }
    }
}

/// Which challenges of this exchange have been answered. Credentials for an earlier nonce answer none of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Unanswered,
    Answered,
    AnsweredAgain,
}

impl Standing {
    /// The standing once these challenges are answered; `None` if they are not to be: credentials that were just
    /// rejected are not sent again (RFC 3261 section 22.1), unless only their nonce was at fault.
    pub(crate) fn after(self, challenges: &Challenges<'_>) -> Option<Self> {
        match self {
            Self::Unanswered => Some(Self::Answered),
            Self::Answered if challenges.are_stale() => Some(Self::AnsweredAgain),
            Self::Answered | Self::AnsweredAgain => None,
        }
    }
}

impl Authenticator {
    pub(crate) fn new(account: Account) -> Self {
        Self {
            domain_uri: account.domain_uri(),
            account,
            nonce_reuse: NonceReuse::default(),
            register_session: None,
            options_session: None,
        }
    }

    /// The request as it is sent at first: with the next nonce-count, if a nonce is known and may be used again.
    pub(crate) fn first_attempt(&mut self, purpose: Purpose) -> Attempt {
        let reuse = self.nonce_reuse;
        let (session, claimant) = self.parts(purpose);
        let credentials = session
            .as_mut()
            .filter(|session| reuse == NonceReuse::WhenKnown && session.may_go_on())
            .and_then(|session| session.next_credentials(claimant));
        Attempt { standing: Standing::Unanswered, credentials }
    }

    /// What the final response to an attempt leads to: another attempt, or the end.
    pub(crate) fn follow(
        &mut self,
        purpose: Purpose,
        attempt: &Attempt,
        response: &Response<'_>,
        cnonce: &str,
    ) -> Result<Attempt, Ending> {
        let (session, claimant) = self.parts(purpose);
        let Some(challenges) = Challenges::of(response) else {
            let answered = session.take_if(|_| attempt.credentials.is_some());
            let server_proved_itself = answered.as_ref().and_then(|session| session.judge_server(response, claimant));
            // An impostor's next nonce is not taken.
            if let Some(answered) = answered.filter(|_| server_proved_itself != Some(false)) {
                *session = answered.continued(response);
            }
            return Err(Ending { server_proved_itself, ..conclusion(response) });
        };
        // Whatever nonce was known is not good any more.
        *session = None;
        let standing = attempt.standing.after(&challenges).ok_or_else(|| conclusion(response))?;
        let (begun, credentials) = challenges.answer(claimant, cnonce).ok_or(Outcome::NoAcceptableChallenge)?;
        *session = Some(begun);
        Ok(Attempt { standing, credentials: Some(credentials) })
    }

    fn parts(&mut self, purpose: Purpose) -> (&mut Option<Session>, Claimant<'_>) {
        let session = match purpose {
            Purpose::Bind { .. } | Purpose::Query => &mut self.register_session,
            Purpose::Options => &mut self.options_session,
        };
        (
            session,
            Claimant { identity: self.account.identity(), method: purpose.method(), uri: &self.domain_uri, body: b"" },
        )
    }
}

fn conclusion(response: &Response<'_>) -> Ending {
    let status = response.status();
    if !matches!(status, 200..=299) {
        return Outcome::Refused { status, reason: escaped(response.reason()) }.into();
    }
    let contacts = response.headers().comma_values(HeaderName::Contact).map(escaped).collect();
    Ending { contacts, ..Outcome::Success(status).into() }
}
