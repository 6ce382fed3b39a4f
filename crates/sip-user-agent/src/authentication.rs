//! Digest authentication across requests: from a challenge to credentials, on to the next nonce-count, and the server's
//! own proof. What is right is `sip-digest`'s to say.

use crate::auth_params::auth_params;
use crate::authenticator::Credentials;
use crate::summary::is_true;
use sip_digest::{Algorithm, Answer, HashAlgorithm, KeyForm, QopPreference, Secret, choose_challenge};
use sip_message::{DigestChallenge, HeaderName, Headers, Method, Response};

/// Who answers challenges, with what, and by which hashes.
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    /// The most wanted first.
    pub(crate) hashes: &'a [HashAlgorithm],
}

/// What a session's credentials are for.
#[derive(Clone, Copy)]
pub(crate) struct Claimant<'a> {
    pub(crate) identity: Identity<'a>,
    pub(crate) method: Method<'static>,
    /// The Request-URI.
    pub(crate) uri: &'a str,
    /// The body, which counts under `auth-int`.
    pub(crate) body: &'a [u8],
}

/// All that may follow from one challenge. Without Debug: it holds a nonce.
pub(crate) struct Session {
    credentials_header: HeaderName,
    challenge: KeptChallenge,
    algorithm: Algorithm,
    cnonce: String,
    /// How many requests have used the nonce.
    count: u32,
}

/// A challenge that outlives the response it came in.
#[derive(Clone)]
struct KeptChallenge {
    realm: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    opaque: Option<Vec<u8>>,
    algorithm: Option<Vec<u8>>,
    qop: Option<Vec<u8>>,
}

/// The digest challenges of a 401 or 407 and where they ask the answer to go; faulty ones are passed over.
pub(crate) struct Challenges<'m> {
    credentials_header: HeaderName,
    list: Vec<DigestChallenge<'m>>,
}

impl<'m> Challenges<'m> {
    /// Those of the response; `None` if its status asks for no credentials.
    pub(crate) fn of(response: &Response<'m>) -> Option<Self> {
        let (name, credentials_header) = match response.status() {
            401 => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            407 => (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
            _ => return None,
        };
        let list = response.headers().digest_challenges(name).filter_map(Result::ok).collect();
        Some(Self { credentials_header, list })
    }

    /// Whether only the nonce of the last credentials was at fault.
    pub(crate) fn are_stale(&self) -> bool {
        self.list.iter().any(|challenge| is_true(challenge.stale))
    }

    /// Answers the most wanted challenge that can be answered: the session it begins and the first credentials.
    pub(crate) fn answer(mut self, claimant: Claimant<'_>, cnonce: &str) -> Option<(Session, Credentials)> {
        while let Some(index) = choose_challenge(&self.list, claimant.identity.hashes) {
            let challenge = self.list.remove(index);
            if let Some(algorithm) = Algorithm::parse(challenge.algorithm) {
                let mut session = Session {
                    credentials_header: self.credentials_header,
                    challenge: KeptChallenge::of(&challenge),
                    algorithm,
                    cnonce: cnonce.to_owned(),
                    count: 0,
                };
                if let Some(credentials) = session.next_credentials(claimant) {
                    return Some((session, credentials));
                }
            }
        }
        None
    }
}

impl Session {
    /// Credentials for one more request with the same nonce; `None` if the challenge allows none.
    pub(crate) fn next_credentials(&mut self, claimant: Claimant<'_>) -> Option<Credentials> {
        self.count = self.count.checked_add(1)?;
        let mut value = Vec::with_capacity(512);
        self.answer_of(claimant).write(&mut value).ok()?;
        Some(Credentials { header: self.credentials_header, value, hash: self.algorithm.hash })
    }

    /// Whether the nonce may be used again: without qop nothing counts its uses, and servers take it for a replay.
    pub(crate) const fn may_go_on(&self) -> bool {
        self.challenge.qop.is_some()
    }

    /// Whether the response proves that the server knows the password's HA1 too; `None` if it does not claim to.
    pub(crate) fn judge_server(&self, response: &Response<'_>, claimant: Claimant<'_>) -> Option<bool> {
        let rspauth = information(response.headers(), "rspauth")?;
        Some(self.answer_of(claimant).accepts_response_auth(rspauth, response.body()).unwrap_or(false))
    }

    /// The session as the response leaves it: with the nonce it announces, if any.
    ///
    /// A `-sess` session ends there: its HA1 stays bound to the first nonce (RFC 7616 section 3.4.2), so it cannot be told
    /// by the new one, and a fresh challenge costs one round trip.
    pub(crate) fn continued(mut self, response: &Response<'_>) -> Option<Self> {
        if let Some(nonce) = information(response.headers(), "nextnonce") {
            if self.algorithm.form == KeyForm::Session {
                return None;
            }
            self.challenge.nonce = Some(nonce.to_vec());
            self.count = 0;
        }
        Some(self)
    }

    fn answer_of<'a>(&'a self, claimant: Claimant<'a>) -> Answer<'a> {
        Answer {
            challenge: self.challenge.as_challenge(),
            username: claimant.identity.username.as_bytes(),
            secret: Secret::Password(claimant.identity.password.as_bytes()),
            method: claimant.method.as_bytes(),
            uri: claimant.uri.as_bytes(),
            cnonce: self.cnonce.as_bytes(),
            count: self.count,
            body: claimant.body,
            qop: QopPreference::Auth,
        }
    }
}

/// A parameter of Authentication-Info, or of the name it has beside Proxy-Authenticate (RFC 7615).
fn information<'m>(headers: Headers<'m>, name: &str) -> Option<&'m [u8]> {
    let mut infos = headers.iter().filter(|header| {
        header.name == HeaderName::AuthenticationInfo
            || header.name_octets.eq_ignore_ascii_case(b"Proxy-Authentication-Info")
    });
    infos.find_map(|header| auth_params(header.value).find(|param| param.is_any_of(&[name]))?.sole_value())
}

impl KeptChallenge {
    fn of(challenge: &DigestChallenge<'_>) -> Self {
        let kept = |value: Option<&[u8]>| value.map(<[u8]>::to_vec);
        Self {
            realm: kept(challenge.realm),
            nonce: kept(challenge.nonce),
            opaque: kept(challenge.opaque),
            algorithm: kept(challenge.algorithm),
            qop: kept(challenge.qop),
        }
    }

    fn as_challenge(&self) -> DigestChallenge<'_> {
        DigestChallenge {
            realm: self.realm.as_deref(),
            nonce: self.nonce.as_deref(),
            opaque: self.opaque.as_deref(),
            algorithm: self.algorithm.as_deref(),
            qop: self.qop.as_deref(),
            ..DigestChallenge::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, UaTransport};
    use sip_message::{HeaderSpans, Message, parse};

    /// What `read` makes of a response of that status with those headers.
    fn with_response<T>(status: u16, headers: &[&str], read: impl FnOnce(&Response<'_>) -> T) -> T {
        let octets = format!("SIP/2.0 {status} x\r\n{}\r\n\r\n", headers.join("\r\n"));
        let mut spans = HeaderSpans::new();
        let Ok(Message::Response(response)) = parse(octets.as_bytes(), &mut spans) else { panic!("{octets}") };
        read(&response)
    }

    fn account() -> Account {
        Account {
            server: ([127, 0, 0, 1], 5060).into(),
            transport: UaTransport::Udp,
            domain: "h".to_owned(),
            username: "alice".to_owned(),
            password: "secret".to_owned().into(),
            user_agent: String::new(),
            hashes: HashAlgorithm::ALL.to_vec(),
        }
    }

    fn begin(challenges: &[&str]) -> Option<(Session, String)> {
        let account = account();
        let claimant = Claimant { identity: account.identity(), method: Method::Register, uri: "sip:h", body: b"" };
        let (session, credentials) = with_response(401, challenges, |response| {
            Challenges::of(response).expect("a 401").answer(claimant, "c0ffee")
        })?;
        Some((session, String::from_utf8(credentials.value).unwrap()))
    }

    #[test]
    fn a_challenge_that_cannot_be_answered_gives_way_to_the_next() {
        let unanswerable = [
            r#"WWW-Authenticate: Digest realm="r", nonce="n1", algorithm=SHA-512-256, qop="auth-conf""#,
            r#"WWW-Authenticate: Digest realm="r", algorithm=SHA-256, qop="auth""#,
            r#"WWW-Authenticate: Digest realm="r", nonce="n2", nonce="n3", algorithm=MD5"#,
            r#"WWW-Authenticate: Digest realm="r", nonce="n4", algorithm=AKAv1-MD5"#,
            r#"WWW-Authenticate: Basic realm="r""#,
            r#"Proxy-Authenticate: Digest realm="r", nonce="n5""#,
        ];
        assert!(begin(&unanswerable).is_none());
        let last = r#"WWW-Authenticate: Digest realm="r", nonce="n6""#;
        let (session, credentials) = begin(&[&unanswerable[..], &[last]].concat()).expect("an answer");
        assert!(credentials.contains(r#"nonce="n6""#), "{credentials}");
        assert!(!session.may_go_on(), "without qop a nonce is good once");
    }

    #[test]
    fn an_announced_nonce_goes_on_except_where_ha1_is_bound_to_the_first() {
        for (algorithm, goes_on) in [("SHA-256", true), ("SHA-256-sess", false)] {
            let challenge =
                format!(r#"WWW-Authenticate: Digest realm="r", nonce="n", algorithm={algorithm}, qop="auth""#);
            let continued = |headers: &[&str]| {
                let (session, credentials) = begin(&[&challenge]).expect("an answer");
                assert!(credentials.contains(&format!("algorithm={algorithm}, ")), "{credentials}");
                with_response(200, headers, |response| session.continued(response))
            };
            assert!(continued(&[]).is_some_and(|session| session.count == 1));
            let announced = continued(&[r#"Authentication-Info: qop=auth, NextNonce="m""#]);
            assert_eq!(announced.is_some(), goes_on, "{algorithm}");
            assert!(announced.is_none_or(|session| session.count == 0 && session.challenge.nonce == Some(b"m".into())));
        }
    }

    #[test]
    fn a_proof_is_looked_for_under_both_names() {
        let (session, _) = begin(&[r#"WWW-Authenticate: Digest realm="r", nonce="n", qop="auth""#]).expect("an answer");
        let account = account();
        let claimant = Claimant { identity: account.identity(), method: Method::Register, uri: "sip:h", body: b"" };
        let judge = |header: &str| with_response(200, &[header], |response| session.judge_server(response, claimant));
        // MD5(MD5(alice:r:secret):n:00000001:c0ffee:auth:MD5(:sip:h)), computed with md5sum.
        let right = "68c846c4a444f687584e3c2a32f6eed4";
        for name in ["Authentication-Info", "Proxy-Authentication-Info"] {
            assert_eq!(judge(&format!("{name}: rspauth=\"{right}\", qop=auth")), Some(true));
            assert_eq!(judge(&format!("{name}: rspauth=\"{}\"", right.replace('6', "1"))), Some(false));
            assert_eq!(judge(&format!("{name}: rspauth=\"\"")), Some(false));
            assert_eq!(judge(&format!("{name}: qop=auth")), None);
        }
        assert_eq!(judge("Server: rspauth=1"), None);
    }
}
