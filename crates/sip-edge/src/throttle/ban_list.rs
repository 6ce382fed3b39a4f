//! The bans that hold, for people: whom each means, since when and until when.
//!
//! The table of scores knows keys only and forgets them by itself; this list is written when a ban begins, which is rare,
//! and read when somebody asks. It has a bound: a ban beyond it holds all the same, unlisted and until a restart.

use super::table::Table;
use super::{Claimant, Incarnation, Millis, Of, Throttle};
use crate::source_network::source_network;
use directory::Directory;
use domain::{Ban, BanId, BanKind, Clock, CredentialId, Network, RealmId, Timestamp};
use parking_lot::Mutex;
use sip_digest::HashAlgorithm;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use storage::{BanPage, BansOf, LiveBans, Page};

/// Most bans listed.
const MOST: usize = 10_000;
/// Most characters of a username shown.
const USERNAME_CHARACTERS: usize = 64;
/// A realm's number where nobody's realm was addressed.
const NOBODY: i64 = -1;

/// Part of a [`Throttle`].
#[derive(Default)]
pub(super) struct BanList {
    listed: Mutex<Listed>,
}

#[derive(Default)]
struct Listed {
    /// In order of their beginning.
    bans: BTreeMap<BanId, Held>,
    /// What storage does not have yet.
    unsaved: Vec<Ban>,
    /// What ended before its time, and storage may still have.
    ended: Vec<BanId>,
}

#[derive(Clone)]
struct Held {
    ban: Ban,
    incarnation: Incarnation,
}

/// The bans of an edge.
pub struct Bans {
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl BanList {
    /// Takes a pair's ban off the list: it was right at last.
    pub(super) fn end_of(&self, claimant: &Claimant<'_>) {
        let source = source_network(claimant.source.ip());
        let mut listed = self.listed.lock();
        let is_its = |held: &Held| {
            held.ban.kind == BanKind::Pair
                && held.incarnation == claimant.incarnation
                && held.ban.realm == Some(RealmId(claimant.realm))
                && held.ban.network.is_some_and(|network| network.contains(source))
        };
        let Some(id) = listed.bans.iter().find(|(_, held)| is_its(held)).map(|(id, _)| *id) else { return };
        listed.bans.remove(&id);
        listed.unsaved.retain(|ban| ban.id != id);
        listed.ended.push(id);
    }
}

impl Throttle {
    /// Lists a ban that begins.
    pub(super) fn list_ban(
        &self,
        (kind, failures): (BanKind, u32),
        claimant: &Claimant<'_>,
        now: Millis,
        ban_ms: Millis,
    ) {
        let moment = |millis: Millis| Timestamp::from_micros(i64::try_from(millis).unwrap_or(i64::MAX / 1000) * 1000);
        let of_user = kind != BanKind::Source;
        let source = source_network(claimant.source.ip());
        let incarnation = if of_user { claimant.incarnation } else { Incarnation::default() };
        let username = String::from_utf8_lossy(claimant.username).chars().take(USERNAME_CHARACTERS).collect::<String>();
        let ban = Ban {
            id: BanId::new(moment(now), self.draw(now)),
            kind,
            account: claimant.account.filter(|_| of_user),
            realm: Some(RealmId(claimant.realm)).filter(|realm| of_user && realm.0 != NOBODY),
            credential: incarnation.credential(),
            generation: incarnation.generation,
            username: of_user.then(|| username.into()),
            network: Network::around(source, if source.is_ipv4() { 32 } else { 64 })
                .filter(|_| kind != BanKind::Username),
            failures,
            began_at: moment(now),
            ends_at: moment(now.saturating_add(ban_ms)),
        };
        let mut listed = self.bans.listed.lock();
        if listed.bans.len() >= MOST {
            listed.bans.retain(|_, held| held.ban.ends_at > moment(now));
        }
        if listed.bans.len() < MOST {
            listed.unsaved.push(ban.clone());
            listed.bans.insert(ban.id, Held { ban, incarnation });
        }
    }

    /// Ten octets that differ from ban to ban; nobody needs to be unable to guess them.
    fn draw(&self, now: Millis) -> [u8; 10] {
        let count = self.draws.fetch_add(1, Ordering::Relaxed);
        let [first, second] = [0_u8, 1].map(|half| self.hasher.hash_one((half, now, count)).to_be_bytes());
        let mut drawn = [0; 10];
        drawn.iter_mut().zip(first.into_iter().chain(second)).for_each(|(to, from)| *to = from);
        drawn
    }
}

impl Incarnation {
    /// The credential meant, if there is one.
    fn credential(&self) -> Option<CredentialId> {
        (self.id != [0; 16]).then(|| CredentialId::from_bytes(self.id))
    }
}

impl Bans {
    /// Takes up a ban of before a restart, if its credential has not changed since.
    pub fn take_up(&self, ban: Ban) {
        let incarnation = self.incarnation_of(&ban);
        let id = incarnation.credential();
        if id != ban.credential || (id.is_some() && incarnation.generation != ban.generation) {
            return;
        }
        let ends = u64::try_from(ban.ends_at.as_micros() / 1000).unwrap_or(0);
        let held = Held { ban, incarnation };
        let now = self.clock.now().as_unix_millis();
        held.with_claimant(|of, claimant| {
            self.throttle.with(of, claimant, |table, key| table.ban(key, ends, now));
            // Whoever it is may have been heard just before the restart.
            self.throttle.clamours(claimant, now);
        });
        self.throttle.bans.listed.lock().bans.insert(held.ban.id, held);
    }

    /// The bans that storage does not have yet; whoever takes them stores them.
    #[must_use]
    pub fn take_unsaved(&self) -> Vec<Ban> {
        std::mem::take(&mut self.throttle.bans.listed.lock().unsaved)
    }

    /// The bans that ended before their time since this was asked last; whoever takes them makes storage forget them.
    #[must_use]
    pub fn take_ended(&self) -> Vec<BanId> {
        std::mem::take(&mut self.throttle.bans.listed.lock().ended)
    }

    /// Whether a ban is listed: one that is not was lifted, or has ended.
    #[must_use]
    pub fn is_listed(&self, id: BanId) -> bool {
        self.throttle.bans.listed.lock().bans.contains_key(&id)
    }

    /// Gives back what could not be stored, to be taken again.
    pub fn give_back(&self, unsaved: Vec<Ban>) {
        self.throttle.bans.listed.lock().unsaved.extend(unsaved);
    }

    /// The life of the credential that a ban's username means by now.
    fn incarnation_of(&self, ban: &Ban) -> Incarnation {
        let named = ban.realm.zip(ban.username.as_deref());
        let found =
            named.and_then(|(realm, name)| self.directory.credential(realm, name.as_bytes(), HashAlgorithm::Md5));
        found.as_ref().map(Incarnation::of).unwrap_or_default()
    }

    /// Drops what has ended, by itself or with another password, and gives back the rest of those asked for.
    fn holding(&self, of: BansOf) -> Vec<Ban> {
        let now = self.clock.now();
        let mut listed = self.throttle.bans.listed.lock();
        listed.bans.retain(|_, held| held.ban.ends_at > now);
        let held: Vec<Held> = listed.bans.values().filter(|held| is_of(&held.ban, of)).cloned().collect();
        drop(listed);
        held.into_iter()
            .filter(|held| self.incarnation_of(&held.ban) == held.incarnation)
            .map(|held| held.ban)
            .collect()
    }
}

impl LiveBans for Bans {
    fn bans(&self, of: BansOf, page: Page) -> BanPage {
        let bans = self.holding(of);
        let total = bans.len() as u64;
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        BanPage { bans: bans.into_iter().skip(skipped).take(page.limit as usize).collect(), total }
    }

    fn ban(&self, of: BansOf, id: BanId) -> Option<Ban> {
        self.holding(of).into_iter().find(|ban| ban.id == id)
    }

    fn lift(&self, id: BanId) -> bool {
        let mut listed = self.throttle.bans.listed.lock();
        listed.unsaved.retain(|ban| ban.id != id);
        let Some(held) = listed.bans.remove(&id) else { return false };
        drop(listed);
        held.with_claimant(|of, claimant| self.throttle.with(of, claimant, Table::forget));
        true
    }
}

impl Held {
    /// Whom it means, in the throttle's words.
    fn with_claimant<R>(&self, ask: impl FnOnce(Of, &Claimant<'_>) -> R) -> R {
        let Self { ban, incarnation } = self;
        let of = match ban.kind {
            BanKind::Pair => Of::Pair,
            BanKind::Source => Of::Source,
            BanKind::Username => Of::Credential,
        };
        let address = ban.network.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |network| network.first_address());
        let claimant = Claimant {
            source: SocketAddr::new(address, 0),
            realm: ban.realm.map_or(NOBODY, |realm| realm.0),
            username: ban.username.as_deref().unwrap_or_default().as_bytes(),
            incarnation: *incarnation,
            account: ban.account,
        };
        ask(of, &claimant)
    }
}

fn is_of(ban: &Ban, of: BansOf) -> bool {
    match of {
        BansOf::Everybody => true,
        BansOf::Account(account) => ban.account == Some(account),
    }
}

impl fmt::Debug for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bans").finish_non_exhaustive()
    }
}
