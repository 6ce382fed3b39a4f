//! What was changed, read back, and whether it is as it was written.

use super::Subject;
use crate::samples;
use domain::{AccountId, AuditAction, AuditEvent, Timestamp};
use storage::{AuditChain, AuditFilter, Change, ChangeSet, SettingName};

fn setting(value: &str, audit: AuditEvent) -> ChangeSet {
    let change = Change::PutSetting { name: SettingName::BaseDomain, value: value.into() };
    ChangeSet { changes: vec![change], audit }
}

/// One record for each set that was committed, none for one that was refused; numbers and hashes follow one another,
/// and the end is where the last commit is.
#[expect(clippy::expect_used, reason = "a check fails by panicking")]
pub async fn every_set_leaves_one_record_in_a_sound_chain(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let refused = subject.commit(Change::ReleaseNumber(samples::number(account.id, "+4930123456").e164)).await;
    refused.expect_err("nobody has the number");
    for number in 0..5 {
        let audit = samples::audit(AuditAction::SettingChanged, "base_domain");
        subject.storage.commit(setting(&format!("{number}.example"), audit)).await.expect("a commit");
    }
    let mut chain = AuditChain::default();
    loop {
        let (page, committed) = subject.storage.audit_chain(chain.records, 2).await.expect("a page");
        page.iter().try_for_each(|record| chain.check(record)).expect("a sound chain");
        if page.len() < 2 {
            chain.check_end(committed).expect("the end is there");
            break;
        }
    }
    assert_eq!(chain.records, 6);
    let logged: Vec<_> = (subject.audit_log)().into_iter().map(|(_, event)| event.subject).collect();
    let records = subject.storage.audit_records(AuditFilter::default(), None, 10).await.expect("the records");
    assert!(records.iter().rev().map(|record| &record.subject).eq(&logged));
}

/// Filters narrow together; pages go backwards without a gap.
#[expect(clippy::expect_used, reason = "a check fails by panicking")]
pub async fn records_are_found_by_what_they_say(subject: Subject) {
    for number in 0..6_i64 {
        let audit = AuditEvent {
            at: Timestamp::from_seconds(1_700_000_000 + number),
            account: (number % 2 == 0).then_some(AccountId(7)),
            actor: if number < 3 { "operator".into() } else { "MA_AAAAAAAA".into() },
            ..samples::audit(AuditAction::SettingChanged, &format!("subject {number}"))
        };
        subject.storage.commit(setting(&number.to_string(), audit)).await.expect("a commit");
    }
    let moment = |number: i64| Some(Timestamp::from_seconds(1_700_000_000 + number));
    let all = AuditFilter::default();
    let of_account = AuditFilter { account: Some(AccountId(7)), ..all.clone() };
    let cases: [(AuditFilter, Option<u64>, u32, &[u64]); 9] = [
        (all.clone(), None, 2, &[6, 5]),
        (all.clone(), Some(5), 3, &[4, 3, 2]),
        (of_account.clone(), None, 10, &[5, 3, 1]),
        (AuditFilter { actor: Some("operator".into()), ..of_account.clone() }, None, 10, &[3, 1]),
        (AuditFilter { subject: Some("subject 3".into()), ..all.clone() }, None, 10, &[4]),
        (AuditFilter { action: Some("setting.changed".into()), ..of_account }, Some(5), 1, &[3]),
        (AuditFilter { action: Some("credential.created".into()), ..all.clone() }, None, 10, &[]),
        (AuditFilter { from: moment(2), to: moment(4), ..all.clone() }, None, 10, &[4, 3]),
        (all, Some(1), 10, &[]),
    ];
    for (filter, before, limit, expected) in cases {
        let found = subject.storage.audit_records(filter.clone(), before, limit).await.expect("records");
        let numbers: Vec<_> = found.iter().map(|record| record.number).collect();
        assert_eq!(numbers, expected, "{filter:?} before {before:?}");
    }
}
