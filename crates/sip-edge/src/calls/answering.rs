//! Answers the challenges of next hops.

use crate::calls::identifiers::Identifiers;
use crate::calls::way::Way;
use directory::Directory;
use sip_b2bua::{Answerer, ChallengeAnswer, Challenged, Login, Randomness as _};

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
        let whose = (secret.account, secret.uri);
        let password = self.directory.open_upstream_password(whose, &secret.username, &secret.password)?;
        let mut cnonce = [0; 16];
        self.cnonces.token(&mut cnonce);
        Login { username: secret.username.as_bytes(), password: &password }.answer(challenged, &cnonce)
    }
}
