//! The sessions of this process. docs/decisions/0017-console-session.md says why they are kept here.

use crate::limits::{IDLE, LONGEST, SESSIONS, SESSIONS_PER_TOKEN};
use domain::{RandomSource, Timestamp, TokenId};
use parking_lot::Mutex;
use provisioning::{InstallationOperator, Operator};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;
use zeroize::Zeroizing;

/// Octets of a session's name, and of its form token.
const OCTETS: usize = 32;

/// Whoever signed in, by the evidence of then: it is asked for again with every request.
#[derive(Clone)]
pub(crate) enum Person {
    /// The bearer of an account's token.
    Tenant(Operator),
    /// The bearer of an operator token.
    Operator(InstallationOperator),
}

/// What is known of a session.
#[derive(Clone)]
pub(crate) struct Session {
    /// Who.
    pub person: Person,
    /// What every form of the session carries.
    pub form_token: Zeroizing<String>,
    key: [u8; OCTETS],
    began_at: Timestamp,
    asked_at: Timestamp,
}

/// All of them, by the hash of their name: what is here opens nothing.
#[derive(Default)]
pub(crate) struct SessionTable(Mutex<HashMap<[u8; OCTETS], Session>>);

impl SessionTable {
    /// Begins a session under a new name, which is answered. Where there are too many, the one that was idle for longest
    /// ends.
    pub fn begin(&self, random: &dyn RandomSource, now: Timestamp, person: Person) -> Zeroizing<String> {
        let (name, form_token) = (drawn(random), drawn(random));
        let key = key_of(&name);
        let mut sessions = self.0.lock();
        sessions.retain(|_, session| session.lives(now));
        let token = person.token();
        let of_token = sessions.values().filter(|one| one.person.token() == token && token.is_some()).count();
        if of_token >= SESSIONS_PER_TOKEN {
            end_idlest(&mut sessions, |one| one.person.token() == token);
        } else if sessions.len() >= SESSIONS {
            end_idlest(&mut sessions, |_| true);
        }
        sessions.insert(key, Session { person, form_token, key, began_at: now, asked_at: now });
        name
    }

    /// The session of that name, which somebody has asked for now.
    pub fn find(&self, name: &str, now: Timestamp) -> Option<Session> {
        let mut sessions = self.0.lock();
        let session = sessions.get_mut(&key_of(name)).filter(|session| session.lives(now))?;
        session.asked_at = session.asked_at.max(now);
        Some(session.clone())
    }

    /// The same for what a page asks for by itself, which keeps no session alive.
    pub fn peek(&self, name: &str, now: Timestamp) -> Option<Session> {
        self.0.lock().get(&key_of(name)).filter(|session| session.lives(now)).cloned()
    }

    /// Whether it still goes on.
    pub fn lives(&self, session: &Session, now: Timestamp) -> bool {
        self.0.lock().get(&session.key).is_some_and(|session| session.lives(now))
    }

    /// Ends it.
    pub fn end_session(&self, session: &Session) {
        self.0.lock().remove(&session.key);
    }

    /// Ends the one of that name, if there is one.
    pub fn end(&self, name: &str) {
        self.0.lock().remove(&key_of(name));
    }
}

impl Session {
    /// Whether that is what its forms carry; compared in constant time.
    pub fn has_form_token(&self, offered: &str) -> bool {
        let (own, offered) = (key_of(&self.form_token), key_of(offered));
        own.iter().zip(offered).fold(0, |differing, (own, offered)| differing | (own ^ offered)) == 0
    }

    fn lives(&self, now: Timestamp) -> bool {
        let since = |at: Timestamp| {
            Duration::from_micros(now.as_micros().saturating_sub(at.as_micros()).max(0).cast_unsigned())
        };
        since(self.asked_at) < IDLE && since(self.began_at) < LONGEST
    }
}

impl Person {
    fn token(&self) -> Option<TokenId> {
        match self {
            Self::Tenant(operator) => Some(operator.token()),
            Self::Operator(_) => None,
        }
    }
}

fn end_idlest(sessions: &mut HashMap<[u8; OCTETS], Session>, of: impl Fn(&Session) -> bool) {
    let candidates = sessions.iter().filter(|(_, session)| of(session));
    if let Some(idlest) = candidates.min_by_key(|(_, session)| session.asked_at).map(|(key, _)| *key) {
        sessions.remove(&idlest);
    }
}

fn key_of(name: &str) -> [u8; OCTETS] {
    Sha256::digest(name.as_bytes()).into()
}

fn drawn(random: &dyn RandomSource) -> Zeroizing<String> {
    let mut octets = Zeroizing::new([0; OCTETS]);
    random.fill(&mut *octets);
    let mut text = Zeroizing::new(String::with_capacity(2 * OCTETS));
    for octet in octets.iter() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Counts, so that no two draws are alike.
    #[derive(Default)]
    struct Counting(AtomicU64);

    impl RandomSource for Counting {
        fn fill(&self, octets: &mut [u8]) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            octets.iter_mut().zip(number.iter().cycle()).for_each(|(octet, drawn)| *octet = *drawn);
        }
    }

    fn somebody() -> Person {
        Person::Operator(InstallationOperator::admitted_by_file_permissions())
    }

    fn at(offset: Duration) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + i64::try_from(offset.as_secs()).unwrap())
    }

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_when_it_is_old() {
        let (table, random) = (SessionTable::default(), Counting::default());
        let minute = Duration::from_secs(60);
        let name = table.begin(&random, at(Duration::ZERO), somebody());
        assert!(table.find(&name, at(IDLE - minute)).is_some());
        assert!(table.find(&name, at(2 * IDLE - 2 * minute)).is_some(), "it was used");
        // What a page asks for by itself finds it, and keeps it no longer.
        assert!(table.peek(&name, at(2 * IDLE)).is_some());
        assert!(table.peek(&name, at(3 * IDLE)).is_none());
        let name = table.begin(&random, at(Duration::ZERO), somebody());
        let mut now = Duration::ZERO;
        while now + minute < LONGEST {
            now += minute;
            assert!(table.find(&name, at(now)).is_some(), "{now:?}");
        }
        assert!(table.find(&name, at(LONGEST)).is_none());
    }

    #[test]
    fn a_session_has_a_name_and_a_token_of_its_own_and_ends_when_asked_to() {
        let (table, random) = (SessionTable::default(), Counting::default());
        let now = at(Duration::ZERO);
        let names = [(); 2].map(|()| table.begin(&random, now, somebody()));
        assert_ne!(names[0], names[1]);
        let sessions = names.each_ref().map(|name| table.find(name, now).unwrap());
        assert!(sessions[0].has_form_token(&sessions[0].form_token));
        assert!(!sessions[0].has_form_token(&sessions[1].form_token));
        assert!(!sessions[0].has_form_token(&names[0]) && !sessions[0].has_form_token(""));
        table.end(&names[0]);
        assert!(table.find(&names[0], now).is_none() && !table.lives(&sessions[0], now));
        assert!(table.lives(&sessions[1], now));
    }

    #[test]
    fn the_table_has_an_end_and_the_idlest_gives_way() {
        let (table, random) = (SessionTable::default(), Counting::default());
        let first = table.begin(&random, at(Duration::ZERO), somebody());
        let second = table.begin(&random, at(Duration::ZERO), somebody());
        assert!(table.find(&first, at(Duration::from_secs(1))).is_some());
        for _ in 2..=SESSIONS {
            table.begin(&random, at(Duration::from_secs(2)), somebody());
        }
        assert_eq!(table.0.lock().len(), SESSIONS);
        assert!(table.find(&second, at(Duration::from_secs(2))).is_none());
        assert!(table.find(&first, at(Duration::from_secs(2))).is_some());
    }
}
