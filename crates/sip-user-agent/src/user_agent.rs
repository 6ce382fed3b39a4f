//! The user agent: one account, one socket, and what is remembered from one exchange to the next.

use crate::authenticator::{Attempt, Authenticator, Ending};
use crate::call::CallRun;
use crate::connection::Connection;
use crate::identifiers::Identifiers;
use crate::ladder::{Ladder, StepObserver};
use crate::request::{Draft, Purpose, Sending, contact_uri, new_branch};
use crate::transaction::{Transaction, Unanswered};
use crate::{Account, CallEnd, CallPlan, CallReport, Exchange, NonceReuse, Outcome, UserAgentError};
use sip_message::limits::MAX_CSEQ;
use sip_message::{Response, Uri};
use sip_transaction::TIMER_F_MS;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout_at;

/// Connecting anew and three transactions, each as long as timer F allows.
const LONGEST_EXCHANGE: Duration = Duration::from_millis(4 * TIMER_F_MS);

/// A user agent client of one account. Its exchanges follow one another; it listens to nobody in between.
pub struct UserAgent {
    authenticator: Authenticator,
    connection: Connection,
    identifiers: Identifiers,
    /// Kept over a new connection, so that a refresh replaces the binding instead of adding one.
    contact: String,
    /// The same for all registrations (RFC 3261 section 10.2).
    registration_call_id: String,
    cseq: u32,
    deadline: Duration,
    observer: Option<StepObserver>,
}

impl UserAgent {
    /// Opens its socket; over TCP, connects. Every identifier follows from `entropy`, which must be unpredictable and
    /// never the same twice.
    ///
    /// # Errors
    /// [`UserAgentError`] if the account cannot be written into messages or there is no socket.
    pub async fn open(account: Account, entropy: [u8; 32]) -> Result<Self, UserAgentError> {
        account.check()?;
        let connection = Connection::open(&account.transport, account.server).await?;
        let mut identifiers = Identifiers::new(entropy);
        Ok(Self {
            contact: contact_uri(&account, connection.local()),
            registration_call_id: identifiers.unique(),
            authenticator: Authenticator::new(account),
            connection,
            identifiers,
            cseq: 0,
            deadline: LONGEST_EXCHANGE,
            observer: None,
        })
    }

    /// Ends each exchange after that time at the latest; timer F bounds each transaction in any case.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(LONGEST_EXCHANGE);
        self
    }

    /// Chooses whether a nonce is used again; by default it is.
    #[must_use]
    pub const fn with_nonce_reuse(mut self, nonce_reuse: NonceReuse) -> Self {
        self.authenticator.nonce_reuse = nonce_reuse;
        self
    }

    /// Has each step of every exchange and call told as it happens.
    #[must_use]
    pub fn with_observer(mut self, observer: StepObserver) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The URI that [`Self::register`] binds: the socket's address, without angle brackets.
    #[must_use]
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// Binds its contact to the address-of-record for so many seconds.
    pub async fn register(&mut self, expires_seconds: u32) -> Exchange {
        self.exchange(Purpose::Bind { expires_seconds }).await
    }

    /// Removes the binding of its contact, and no other.
    pub async fn unregister(&mut self) -> Exchange {
        self.exchange(Purpose::Bind { expires_seconds: 0 }).await
    }

    /// Asks for the bindings of the address-of-record and changes none.
    pub async fn query(&mut self) -> Exchange {
        self.exchange(Purpose::Query).await
    }

    /// Asks the domain what it can do.
    pub async fn options(&mut self) -> Exchange {
        self.exchange(Purpose::Options).await
    }

    /// Places a call, sends a tone while it is up, and measures what comes back.
    ///
    /// # Errors
    /// [`UserAgentError::InvalidTarget`] if whom to call is no sip URI.
    pub async fn call(&mut self, plan: &CallPlan) -> Result<CallReport, UserAgentError> {
        if !Uri::parse(plan.to.as_bytes()).is_ok_and(|uri| uri.is_sip() && uri.headers.is_empty()) {
            return Err(UserAgentError::InvalidTarget);
        }
        let ladder = Ladder::begin(self.observer.clone());
        if let Err(unanswered) = self.renew_connection(&ladder).await {
            return Ok(CallReport::not_begun(match Outcome::from(unanswered) {
                Outcome::TransportFailed(problem) => CallEnd::TransportFailed(problem),
                _ => CallEnd::TimedOut,
            }));
        }
        let call = CallRun {
            account: &self.authenticator.account,
            connection: &mut self.connection,
            identifiers: &mut self.identifiers,
            contact: &self.contact,
            plan,
            ladder,
        };
        Ok(call.run().await)
    }

    async fn exchange(&mut self, purpose: Purpose) -> Exchange {
        let mut ladder = Ladder::begin(self.observer.clone());
        let mut attempt = self.authenticator.first_attempt(purpose);
        let Ending { outcome, server_proved_itself, contacts } = match self.renew_connection(&ladder).await {
            Ok(()) => self.reach_end(purpose, &mut ladder, &mut attempt).await,
            Err(unanswered) => Outcome::from(unanswered).into(),
        };
        Exchange {
            outcome,
            elapsed: ladder.elapsed(),
            ladder: ladder.into_steps(),
            algorithm: attempt.credentials.map(|credentials| credentials.hash),
            server_proved_itself,
            contacts,
        }
    }

    async fn renew_connection(&mut self, ladder: &Ladder) -> Result<(), Unanswered> {
        let until = ladder.began() + self.deadline.min(Duration::from_millis(TIMER_F_MS));
        let renewed = timeout_at(until, self.connection.renew()).await;
        renewed.map_err(|_| Unanswered::TimedOut)?.map_err(Unanswered::Failed)
    }

    /// One transaction after the other, until one ends without a challenge to answer. `attempt` is the last made.
    async fn reach_end(&mut self, purpose: Purpose, ladder: &mut Ladder, attempt: &mut Attempt) -> Ending {
        let limit = ladder.began() + self.deadline;
        let from_tag = self.identifiers.unique();
        let call_id = match purpose {
            Purpose::Bind { .. } | Purpose::Query => self.registration_call_id.clone(),
            Purpose::Options => self.identifiers.unique(),
        };
        loop {
            let (branch, cnonce) = (new_branch(&mut self.identifiers), self.identifiers.cnonce());
            self.cseq = self.cseq % MAX_CSEQ + 1;
            let account = &self.authenticator.account;
            let request = Draft { account, purpose, contact: &self.contact, call_id: &call_id, from_tag: &from_tag }
                .write(&Sending {
                    local: self.connection.local(),
                    branch: &branch,
                    cseq: self.cseq,
                    credentials: attempt.credentials.as_ref(),
                });
            let transaction = Transaction { request: &request, branch: &branch, method: purpose.method(), limit };
            let authenticator = &mut self.authenticator;
            let follow = |response: &Response<'_>| authenticator.follow(purpose, attempt, response, &cnonce);
            match transaction.run(&mut self.connection, ladder, follow).await {
                Ok(Ok(next)) => *attempt = next,
                Ok(Err(ending)) => return ending,
                Err(unanswered) => return Outcome::from(unanswered).into(),
            }
        }
    }
}

impl From<Unanswered> for Outcome {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::TimedOut => Self::TimedOut,
            Unanswered::Failed(error) => Self::TransportFailed(error.to_string()),
        }
    }
}

/// Names the account but nothing that identifiers or credentials follow from.
impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAgent")
            .field("account", &self.authenticator.account)
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}
