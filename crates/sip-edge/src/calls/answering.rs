//! Answers the challenges of next hops.

use crate::calls::identifiers::Identifiers;
use crate::calls::way::Way;
use directory::Directory;
use sip_b2bua::{Answerer, ChallengeAnswer, Challenged, Randomness as _};
use sip_digest::{Answer, HashAlgorithm, QopPreference, Secret, choose_challenge};
use sip_message::HeaderName;

/// The strongest first: a downgrade needs a next hop that offers nothing better.
const PREFERENCE: [HashAlgorithm; 3] = [HashAlgorithm::Sha512_256, HashAlgorithm::Sha256, HashAlgorithm::Md5];
/// Most challenges of one response that are looked at.
const MOST_CHALLENGES: usize = 8;

/// The secrets of a call's next hops, opened when they are asked for.
pub(crate) struct Answering<'a> {
    pub(crate) ways: &'a [Vec<Way>],
    pub(crate) cnonces: &'a mut Identifiers,
    pub(crate) directory: &'a Directory,
}

impl Answerer for Answering<'_> {
    fn answer(&mut self, challenged: &Challenged<'_>) -> Option<ChallengeAnswer> {
        let target = challenged.target?;
        let way = self.ways.get(usize::from(target.stage))?.get(usize::from(target.target))?;
        let Way::Uri(way) = way else { return None };
        let secret = way.secret.as_deref()?;
        let is_proxy = challenged.response.status() == 407;
        let (asks, answers) = if is_proxy {
            (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
        } else {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        };
        let headers = challenged.response.headers();
        let challenges: Vec<_> = headers.digest_challenges(asks).filter_map(Result::ok).take(MOST_CHALLENGES).collect();
        let challenge = *challenges.get(choose_challenge(&challenges, &PREFERENCE)?)?;
        let whose = (secret.account, secret.uri);
        let password = self.directory.open_upstream_password(whose, &secret.username, &secret.password)?;
        let mut cnonce = [0; 16];
        self.cnonces.token(&mut cnonce);
        let answer = Answer {
            challenge,
            username: secret.username.as_bytes(),
            secret: Secret::Password(&password),
            method: challenged.method.as_bytes(),
            uri: challenged.uri,
            cnonce: &cnonce,
            count: 1,
            body: challenged.body,
            qop: QopPreference::Auth,
        };
        let mut value = Vec::with_capacity(256);
        answer.write(&mut value).ok()?;
        Some(ChallengeAnswer { header: answers, value })
    }
}
