//! When credentials were last used, and which of them want looking after.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples::{self, CREATED_AT};
use domain::{
    AlgorithmUse, Credential, CredentialId, CredentialUse, Day, DigestAlgorithm, SignallingTransport, Timestamp,
};
use storage::{Change, CredentialReport, CredentialReportRequest, CredentialTotals, Page};

fn used(credential: CredentialId, at: Timestamp, user_agent: &str) -> CredentialUse {
    CredentialUse {
        credential,
        at,
        source: "[2001:db8::7]:5062".parse().unwrap(),
        transport: SignallingTransport::Wss,
        method: "REGISTER".into(),
        user_agent: user_agent.into(),
        algorithm: DigestAlgorithm::Sha512_256,
        generation: u32::MAX,
    }
}

/// The latest use stays, whatever the order they come in, with all that is known of it.
pub async fn the_latest_use_stays(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let phone = subject.create_credential(samples::credential(&account, "phone", 1)).await.id;
    let stranger = samples::credential(&account, "never_created", 2).id;
    assert_eq!(subject.storage.credential_use(phone).await.unwrap(), None);
    let at = |seconds| CREATED_AT.plus_seconds(seconds);
    let plain = CredentialUse {
        source: "192.0.2.7:5060".parse().unwrap(),
        transport: SignallingTransport::Udp,
        algorithm: DigestAlgorithm::Md5,
        generation: 1,
        ..used(phone, at(30), "")
    };
    for (saved, expected) in [
        (used(phone, at(10), "a"), used(phone, at(10), "a")),
        (used(phone, at(20), "\u{e4}\"'"), used(phone, at(20), "\u{e4}\"'")),
        (used(phone, at(5), "late"), used(phone, at(20), "\u{e4}\"'")),
        (plain.clone(), plain),
    ] {
        subject.storage.save_credential_uses(vec![used(stranger, at(99), ""), saved]).await.unwrap();
        assert_eq!(subject.storage.credential_use(phone).await.unwrap(), Some(expected));
    }
    assert_eq!(subject.storage.credential_use(stranger).await.unwrap(), None);
    subject.commit(Change::DeleteCredential { account: account.id, id: phone }).await.unwrap();
    assert_eq!(subject.storage.credential_use(phone).await.unwrap(), None);
}

/// Old passwords and what nobody uses are listed by creation, and counted apart.
pub async fn what_wants_looking_after_is_listed(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let day = 86_400;
    let now = CREATED_AT.plus_seconds(100 * day);
    let changed = |days: i64| CREATED_AT.plus_seconds(days * day);
    let mut ids = Vec::new();
    for (number, (name, created, password)) in (1..).zip([
        ("fresh", 0, 90),
        ("old_password", 0, 5),
        ("unused", 0, 90),
        ("never_used", 0, 90),
        ("new_and_never_used", 95, 95),
        ("known_by_algorithm", 0, 90),
    ]) {
        let credential = Credential {
            created_at: changed(created),
            password_changed_at: changed(password),
            expires_at: (name == "unused").then_some(now),
            ..samples::credential(&account, name, number)
        };
        ids.push(subject.create_credential(credential).await.id);
    }
    let elsewhere = subject.create_credential(samples::credential(&other, "elsewhere", 9)).await.id;
    let uses = [(ids[0], 99), (ids[1], 99), (ids[2], 20), (elsewhere, 1)];
    let uses = uses.map(|(id, days)| used(id, changed(days), "phone")).to_vec();
    subject.storage.save_credential_uses(uses).await.unwrap();
    let today = Day::of(changed(98));
    let md5 = DigestAlgorithm::Md5;
    let by_algorithm = AlgorithmUse {
        credential: ids[5],
        algorithm: md5,
        first_day: today,
        last_day: today,
        user_agent: "phone".into(),
    };
    subject.storage.save_algorithm_uses(vec![by_algorithm]).await.unwrap();
    let report = async |password_before, unused_since, (offset, limit)| -> CredentialReport {
        let page = Page { limit, offset };
        let request = CredentialReportRequest { account: account.id, password_before, unused_since, now, page };
        subject.storage.credential_report(request).await.unwrap()
    };
    let names = |report: &CredentialReport| -> Vec<String> {
        report.listed.iter().map(|one| one.username.to_string()).collect()
    };
    let both = report(Some(changed(50)), Some(changed(70)), (0, 10)).await;
    assert_eq!(names(&both), ["old_password", "unused", "never_used"]);
    let totals = CredentialTotals { credentials: 6, never_used: 2, unused: 2, password_old: 1, expired: 1, listed: 3 };
    assert_eq!(both.totals, totals);
    let [old, unused, never] = &both.listed[..] else { unreachable!("three are listed") };
    assert_eq!((old.password_old, old.unused, old.last_used_at), (true, false, Some(changed(99))));
    assert_eq!((unused.password_old, unused.unused, unused.expires_at), (false, true, Some(now)));
    assert_eq!((never.id, never.last_used_at, never.created_at), (ids[3], None, CREATED_AT));
    assert_eq!((never.enabled, never.password_changed_at), (true, changed(90)));
    assert_eq!(names(&report(Some(changed(50)), None, (0, 10)).await), ["old_password"]);
    assert_eq!(names(&report(None, Some(changed(70)), (1, 1)).await), ["never_used"]);
    assert_eq!(names(&report(None, None, (0, 10)).await), Vec::<String>::new());
    let all = report(None, Some(changed(200)), (0, 10)).await;
    let last = all.listed.last().unwrap();
    assert_eq!((last.username.as_str(), last.last_used_at.map(Day::of)), ("known_by_algorithm", Some(today)));
    assert_eq!((all.totals.unused, all.totals.listed), (6, 6));
}
