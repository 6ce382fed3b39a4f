//! Which algorithms credentials have been used with.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples;
use domain::{AlgorithmUse, Credential, CredentialId, Day, DigestAlgorithm, SealedHa1s};
use storage::{AlgorithmReport, AlgorithmReportRequest, AlgorithmTotals, Change, Page, ReportOf};

fn used(credential: CredentialId, algorithm: DigestAlgorithm, days: (u16, u16), user_agent: &str) -> AlgorithmUse {
    let (first_day, last_day) = (Day(days.0), Day(days.1));
    AlgorithmUse { credential, algorithm, first_day, last_day, user_agent: user_agent.into() }
}

fn loaded(subject: &Subject) -> Vec<AlgorithmUse> {
    let mut uses = Vec::new();
    subject.storage.load_algorithm_uses(&mut |one| uses.push(one)).unwrap();
    uses.sort_by_key(|one| (one.credential, one.algorithm));
    uses
}

/// Saving again moves the first day back and the last day forward, whatever the order.
pub async fn days_widen_and_the_latest_user_agent_stays(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let phone = subject.create_credential(samples::credential(&account, "phone", 1)).await.id;
    let stranger = samples::credential(&account, "never_created", 2).id;
    let save = |uses: Vec<AlgorithmUse>| subject.storage.save_algorithm_uses(uses);
    let md5 = |days, user_agent| used(phone, DigestAlgorithm::Md5, days, user_agent);
    let sha256 = used(phone, DigestAlgorithm::Sha256, (65_535, 65_535), "ä\"'\n");
    save(vec![md5((10, 10), "a"), used(stranger, DigestAlgorithm::Md5, (1, 1), ""), sha256.clone()]).await.unwrap();
    for (saved, expected) in [
        (md5((12, 12), "b"), md5((10, 12), "b")),
        (md5((12, 12), "c"), md5((10, 12), "c")),
        (md5((0, 11), "late"), md5((0, 12), "c")),
        (md5((13, 13), ""), md5((0, 13), "")),
    ] {
        save(vec![saved]).await.unwrap();
        assert_eq!(loaded(&subject), [expected, sha256.clone()]);
    }
}

/// A deleted credential leaves none behind, and neither does a deleted account.
pub async fn uses_go_with_their_credential(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let first = subject.create_credential(samples::credential(&account, "first", 1)).await.id;
    let second = subject.create_credential(samples::credential(&account, "second", 2)).await.id;
    let both = [first, second].map(|id| used(id, DigestAlgorithm::Md5, (1, 2), "phone")).to_vec();
    subject.storage.save_algorithm_uses(both.clone()).await.unwrap();
    subject.commit(Change::DeleteCredential { account: account.id, id: first }).await.unwrap();
    assert_eq!(loaded(&subject), both[1..]);
    subject.commit(Change::DeleteAccount(account.id)).await.unwrap();
    assert_eq!(loaded(&subject), []);
}

/// A report counts what it is about, lists who uses MD5 by creation, and cuts off what was before the day asked for.
pub async fn reports_count_and_list(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let joined = samples::new_account("MA_BBBBBBBB");
    let joined = storage::NewAccount { realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"), ..joined };
    let hosts = vec![joined.sip_domain.clone()];
    let joined = subject.create_account(storage::NewAccount { hosts, ..joined }).await;
    let mut phones = Vec::new();
    for (number, name) in (1..).zip(["md5", "both", "sha", "old", "unused"]) {
        phones.push(subject.create_credential(samples::credential(&account, name, number)).await.id);
    }
    let bare = samples::credential(&joined, "elsewhere", 9);
    let bare = Credential { ha1s: SealedHa1s { md5: None, ..bare.ha1s.clone() }, ..bare };
    let elsewhere = subject.create_credential(bare).await.id;
    let (md5, sha256, sha512) = (DigestAlgorithm::Md5, DigestAlgorithm::Sha256, DigestAlgorithm::Sha512_256);
    let uses = vec![
        used(phones[0], md5, (5, 30), "one"),
        used(phones[1], md5, (5, 31), "two"),
        used(phones[1], sha512, (5, 5), "three"),
        used(phones[2], sha256, (30, 30), "four"),
        used(phones[2], md5, (5, 29), "five"),
        used(phones[3], md5, (5, 29), "six"),
        used(elsewhere, md5, (30, 30), "seven"),
    ];
    subject.storage.save_algorithm_uses(uses.clone()).await.unwrap();
    let report = async |of, (offset, limit)| -> AlgorithmReport {
        let request = AlgorithmReportRequest { of, since: Day(30), page: Page { limit, offset } };
        subject.storage.algorithm_report(request).await.unwrap()
    };
    let own = report(ReportOf::Account(account.id), (0, 10)).await;
    let totals = AlgorithmTotals { credentials: 5, using_md5: 2, using_sha_only: 1, with_md5_ha1: 5 };
    assert_eq!(own.totals, totals);
    let names: Vec<_> = own.using_md5.iter().map(|one| one.username.as_str()).collect();
    assert_eq!(names, ["md5", "both"]);
    assert_eq!((own.using_md5[1].id, &own.using_md5[1].account), (phones[1], &account.auth_id));
    assert_eq!(own.using_md5[1].uses, uses[1..3]);
    let whole = report(ReportOf::Realm(account.realm), (0, 10)).await;
    let totals = AlgorithmTotals { credentials: 6, using_md5: 3, using_sha_only: 1, with_md5_ha1: 5 };
    assert_eq!(whole.totals, totals);
    let last = report(ReportOf::Realm(account.realm), (1, 1)).await;
    assert_eq!((&last.using_md5[..], last.totals), (&whole.using_md5[1..2], totals));
    assert_eq!(whole.using_md5[2].account.as_str(), "MA_BBBBBBBB");
    let nobody = report(ReportOf::Account(domain::AccountId(99)), (0, 10)).await;
    assert_eq!(nobody, AlgorithmReport { using_md5: Vec::new(), totals: AlgorithmTotals::default() });
}
