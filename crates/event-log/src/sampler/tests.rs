use super::*;
use crate::record::Batch;
use domain::{AccountId, AuthEvent, CredentialId, SignallingTransport};

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Knows one account, whose realm is without MD5.
struct OneAccount;

impl Names for OneAccount {
    fn owner(&self, realm: RealmId, _host: &str) -> Option<AccountId> {
        (realm == RealmId(1)).then_some(AccountId(1))
    }

    fn has_credential(&self, _realm: RealmId, _username: &str) -> bool {
        false
    }

    fn is_without_md5(&self, realm: RealmId) -> bool {
        realm == RealmId(1)
    }
}

fn event(reason: AuthReason, second: i64) -> AuthEvent<'static> {
    AuthEvent {
        at: START.plus_seconds(second),
        reason,
        realm: Some(RealmId(1)),
        account: None,
        credential: None,
        device: b"",
        source: ([192, 0, 2, 1], 5060).into(),
        transport: SignallingTransport::Udp,
        method: b"REGISTER",
        username: b"alice",
        host: b"example.test",
        user_agent: b"phone/1",
        call_id: b"call",
        algorithm: None,
        remark: None,
        near_miss: None,
        claimed_realm: b"",
        date: b"",
        cseq: 1,
    }
}

fn alice(reason: AuthReason, second: i64) -> AuthEvent<'static> {
    AuthEvent {
        account: Some(AccountId(1)),
        credential: Some(CredentialId::from_bytes([1; 16])),
        ..event(reason, second)
    }
}

struct Bench {
    sampler: Sampler,
    kept: Vec<AuthRecord>,
    more: Vec<(AuthRecordId, u32)>,
}

impl Bench {
    fn new() -> Self {
        Self { sampler: Sampler::new(Sampling::default()), kept: Vec::new(), more: Vec::new() }
    }

    fn take(&mut self, event: &AuthEvent<'_>) {
        let mut drafts = Vec::new();
        let mut batch = Batch::with_capacity(1);
        batch.push(event);
        batch.slots().for_each(|slot| self.sampler.take(slot, &OneAccount, &mut drafts));
        self.sampler.tick(event.at, &OneAccount, &mut drafts);
        self.store(drafts);
    }

    fn tick(&mut self, second: i64) {
        let mut drafts = Vec::new();
        self.sampler.tick(START.plus_seconds(second), &OneAccount, &mut drafts);
        self.store(drafts);
    }

    /// As the keeper does; records are numbered by their place.
    fn store(&mut self, drafts: Vec<Draft>) {
        for draft in drafts {
            match draft {
                Draft::New(new) => {
                    let id = AuthRecordId(i64::try_from(self.kept.len()).unwrap());
                    if let Some(window) = new.window {
                        self.sampler.numbered(window, (new.record.at, id));
                    }
                    self.kept.push(new.record);
                }
                Draft::More { id, attempts, .. } => self.more.push((id, attempts)),
            }
        }
    }

    fn attempts(&self) -> u64 {
        let kept = self.kept.iter().map(|record| u64::from(record.attempts)).sum::<u64>();
        kept + self.more.iter().map(|(_, attempts)| u64::from(*attempts)).sum::<u64>()
    }
}

#[test]
fn a_challenge_that_is_answered_leaves_nothing() {
    let mut bench = Bench::new();
    bench.take(&event(AuthReason::Challenge, 0));
    bench.take(&alice(AuthReason::Ok, 1));
    bench.tick(60);
    assert_eq!(bench.kept.iter().map(|record| record.reason).collect::<Vec<_>>(), [AuthReason::Ok]);
}

#[test]
fn a_challenge_that_nobody_answers_is_kept_once() {
    let mut bench = Bench::new();
    bench.take(&event(AuthReason::Challenge, 0));
    bench.take(&AuthEvent { cseq: 2, ..event(AuthReason::Challenge, 4) });
    bench.tick(9);
    assert!(bench.kept.is_empty());
    bench.tick(10);
    bench.tick(100);
    let [record] = &bench.kept[..] else { panic!("{:?}", bench.kept) };
    assert_eq!((record.attempts, record.at, record.last_at), (2, START, START.plus_seconds(4)));
    assert_eq!(record.account, Some(AccountId(1)));
    assert_eq!(record.near_miss, Some(NearMiss::NoCommonAlgorithm));
}

#[test]
fn a_request_that_comes_again_tells_of_answers_that_do_not_arrive() {
    let mut bench = Bench::new();
    bench.take(&event(AuthReason::Challenge, 0));
    bench.take(&event(AuthReason::Challenge, 1));
    bench.tick(10);
    assert_eq!(bench.kept[0].near_miss, Some(NearMiss::AnswerNotArriving));
}

#[test]
fn successes_alike_are_one_record_until_something_fails() {
    let mut bench = Bench::new();
    for second in 0..120 {
        bench.take(&alice(AuthReason::Ok, second));
    }
    assert_eq!(bench.kept.len(), 1);
    bench.take(&alice(AuthReason::WrongPassword, 120));
    assert_eq!(bench.attempts(), 121);
    bench.take(&alice(AuthReason::Ok, 121));
    assert_eq!(bench.kept.len(), 3);
    // Another phone of the same credential is not like it.
    bench.take(&AuthEvent { user_agent: b"phone/2", ..alice(AuthReason::Ok, 122) });
    assert_eq!(bench.kept.len(), 4);
    bench.take(&alice(AuthReason::Ok, 121 + 900));
    assert_eq!(bench.kept.len(), 5);
    assert_eq!(bench.attempts(), 124);
}

#[test]
fn failures_alike_are_kept_a_few_times_a_minute_and_added_up() {
    let mut bench = Bench::new();
    for tenth in 0..600 {
        bench.take(&alice(AuthReason::WrongPassword, tenth / 10));
    }
    bench.tick(70);
    assert_eq!(bench.attempts(), 600);
    // START is 20 seconds into its minute.
    assert_eq!(bench.kept.iter().filter(|record| record.attempts == 1).count(), 10);
    assert!(bench.kept.len() < 18, "{}", bench.kept.len());
}

#[test]
fn a_flood_of_names_is_bounded_and_nothing_is_left_out() {
    let mut bench = Bench::new();
    let count = 50_000_u32;
    for number in 0..count {
        let name = format!("name{number}");
        let source = (number.to_be_bytes(), 5060).into();
        bench.take(&AuthEvent {
            username: name.as_bytes(),
            source,
            ..event(AuthReason::UnknownUser, i64::from(number / 5_000))
        });
    }
    bench.tick(60);
    assert_eq!(bench.attempts() + bench.sampler.unkept(), u64::from(count));
    assert!(bench.kept.len() < 450, "{}", bench.kept.len());
    let rest: Vec<_> = bench.kept.iter().filter(|record| record.source == AuthRecord::MANY_SOURCES).collect();
    assert!(rest.iter().all(|record| record.username.is_empty() && record.attempts > 1000), "{rest:?}");
    assert!(!rest.is_empty());
}

#[test]
fn whose_it_is_follows_from_the_host_where_no_credential_says_it() {
    let mut bench = Bench::new();
    bench.take(&event(AuthReason::UnknownUser, 0));
    bench.take(&AuthEvent { realm: None, ..event(AuthReason::UnknownUser, 0) });
    bench.take(&AuthEvent {
        realm: Some(RealmId(2)),
        source: ([192, 0, 2, 9], 1).into(),
        ..event(AuthReason::UnknownUser, 0)
    });
    let accounts: Vec<_> = bench.kept.iter().map(|record| record.account).collect();
    assert_eq!(accounts, [Some(AccountId(1)), None, None]);
}
