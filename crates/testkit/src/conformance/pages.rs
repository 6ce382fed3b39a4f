//! Lists of credentials.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples;
use domain::{AccountId, CredentialId};
use storage::{Change, CredentialNumber, NewAccount, Page};

/// Order of creation, which is neither that of names nor that of identifiers; nothing past the end.
pub async fn windows_are_in_order_of_creation(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut created = Vec::new();
    for number in 0..25_u64 {
        let name = format!("phone{}", (number * 7) % 25);
        created.push(subject.create_credential(samples::credential(&account, &name, number)).await);
    }
    for (limit, offset) in [(10, 0), (10, 10), (10, 20), (1, 24), (1000, 0), (1000, 3), (10, 25), (10, u64::MAX)] {
        let page = subject.storage.credentials(account.id, Page { limit, offset }).await.unwrap();
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let expected: Vec<_> = created.iter().skip(skip).take(limit as usize).cloned().collect();
        assert_eq!(page.credentials, expected, "limit {limit}, offset {offset}");
        assert_eq!(page.total, 25);
    }
}

/// The total is that of the account, and true after deletions from the middle.
pub async fn totals_follow_creation_and_deletion(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    assert_eq!(ids(&subject, account.id).await, (Vec::new(), 0));
    let mut expected = Vec::new();
    for number in 0..6 {
        let created = subject.create_credential(samples::credential(&account, &format!("phone{number}"), number)).await;
        expected.push(created.id);
    }
    for index in [4, 0, 1] {
        let id = expected.remove(index);
        subject.commit(Change::DeleteCredential { account: account.id, id }).await.unwrap();
        assert_eq!(ids(&subject, account.id).await, (expected.clone(), expected.len() as u64));
    }
    let created = subject.create_credential(samples::credential(&account, "phone0", 100)).await;
    expected.push(created.id);
    assert_eq!(ids(&subject, account.id).await, (expected, 4));
}

/// Accounts of one realm have separate lists, and one that does not exist has an empty list.
pub async fn accounts_do_not_mix(subject: Subject) {
    let first = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let second = NewAccount {
        realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"),
        hosts: Vec::new(),
        ..samples::new_account("MA_BBBBBBBB")
    };
    let second = subject.create_account(second).await;
    let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
    for number in 0..10 {
        let (account, list) = if number % 3 == 0 { (&first, &mut of_first) } else { (&second, &mut of_second) };
        let created = subject.create_credential(samples::credential(account, &format!("phone{number}"), number)).await;
        list.push(created.id);
    }
    assert_eq!(ids(&subject, first.id).await, (of_first, 4));
    assert_eq!(ids(&subject, second.id).await, (of_second, 6));
    assert_eq!(ids(&subject, AccountId(99)).await, (Vec::new(), 0));
}

/// Going from page to page meets every credential once, in order, and knows the end; deletions do not disturb it.
pub async fn cursors_walk_without_gap_or_repetition(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let mut expected = Vec::new();
    for number in 0..20_u64 {
        let created = subject.create_credential(samples::credential(&account, &format!("phone{number}"), number)).await;
        subject.create_credential(samples::credential(&other, &format!("phone{number}"), 100 + number)).await;
        expected.push(created);
    }
    for limit in [1, 3, 10, 19, 20, 21, 1000] {
        let mut page = subject.storage.credentials(account.id, Page { limit, offset: 0 }).await.unwrap();
        let mut walked = page.credentials.clone();
        while let Some(next) = page.next {
            assert_eq!(page.credentials.len(), limit as usize);
            page = subject.storage.credentials_after(account.id, next, limit).await.unwrap();
            assert_eq!(page.total, 20);
            assert!(!page.credentials.is_empty(), "a page was promised");
            walked.extend(page.credentials.clone());
        }
        assert_eq!(walked, expected, "in steps of {limit}");
    }

    let first = subject.storage.credentials(account.id, Page { limit: 5, offset: 0 }).await.unwrap();
    for doomed in [4, 5] {
        subject.commit(Change::DeleteCredential { account: account.id, id: expected[doomed].id }).await.unwrap();
    }
    let page = subject.storage.credentials_after(account.id, first.next.unwrap(), 5).await.unwrap();
    assert_eq!((&page.credentials[..], page.total), (&expected[6..11], 18));
    let end = subject.storage.credentials_after(account.id, CredentialNumber(u64::MAX), 5).await.unwrap();
    assert_eq!((end.credentials.len(), end.total, end.next), (0, 18, None));
    let last = subject.storage.credentials(account.id, Page { limit: 18, offset: 0 }).await.unwrap();
    assert_eq!((last.credentials.len(), last.next), (18, None));
}

/// The walk over all accounts meets every credential once, with numbers that rise.
pub async fn all_accounts_can_be_walked(subject: Subject) {
    assert!(subject.storage.credentials_of_all_accounts(None, 10).await.unwrap().is_empty());
    let mut expected = Vec::new();
    let accounts = [
        subject.create_account(samples::new_account("MA_AAAAAAAA")).await,
        subject.create_account(samples::new_account("MA_BBBBBBBB")).await,
    ];
    for number in 0..13_u64 {
        let account = &accounts[usize::from(number % 3 == 0)];
        let credential = samples::credential(account, &format!("phone{number}"), number);
        expected.push(subject.create_credential(credential).await);
    }
    for limit in [1, 4, 13, 1000] {
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let step = subject.storage.credentials_of_all_accounts(after, limit).await.unwrap();
            let Some((last, _)) = step.last() else { break };
            assert!(step.len() <= limit as usize && step.is_sorted_by_key(|(number, _)| *number));
            assert!(after.is_none_or(|after| step[0].0 > after));
            after = Some(*last);
            walked.extend(step.into_iter().map(|(_, credential)| credential));
        }
        assert_eq!(walked, expected, "in steps of {limit}");
    }
}

async fn ids(subject: &Subject, account: AccountId) -> (Vec<CredentialId>, u64) {
    let page = subject.storage.credentials(account, Page { limit: 1000, offset: 0 }).await.unwrap();
    (page.credentials.iter().map(|credential| credential.id).collect(), page.total)
}
