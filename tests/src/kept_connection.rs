//! The API over one connection that is kept, for clients that ask as fast as they can and may lose their server.

use crate::account::Account;
use crate::api::Answer;
use crate::raw_http::RawHttp;
use std::net::SocketAddr;
use std::time::Duration;

/// How long an answer may take on a busy machine.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// An account's requests over one connection, one after the other.
#[derive(Debug)]
pub struct KeptConnection {
    connection: RawHttp,
    account: Account,
}

impl KeptConnection {
    /// Connects as that account, if somebody listens.
    #[must_use]
    pub fn try_connect(address: SocketAddr, account: &Account) -> Option<Self> {
        Some(Self { connection: RawHttp::try_connect(address)?, account: account.clone() })
    }

    /// Sends a request below the account's path; `None` when the server went without a whole answer.
    ///
    /// # Panics
    /// When a server that keeps the connection open does not answer in time.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Option<Answer> {
        let Account { auth_id, auth_token, .. } = &self.account;
        let request = format!(
            "{method} /api/v1/Account/{auth_id}/{path} HTTP/1.1\r\nHost: localhost\r\nX-Auth-ID: {auth_id}\r\n\
             X-Auth-Token: {auth_token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        // What was not taken whole may still be answered, so the answer decides.
        self.connection.send(request.as_bytes());
        let answer = self.connection.read_answer(ANSWER_LIMIT);
        if answer.is_none() {
            let closed = self.connection.is_closed_within(Duration::ZERO);
            assert!(closed, "{method} {path}: no answer within {ANSWER_LIMIT:?}");
        }
        answer
    }
}
