//! Pages by cursor and by offset.

use crate::house::{House, context, username};
use provisioning::{CredentialsPage, CredentialsRequest, CredentialsWrite, PageStart, ProvisioningError};
use std::collections::HashSet;

async fn house_with(credentials: usize) -> (House, CredentialsWrite) {
    let house = House::new().await;
    let scope = house.account().await;
    for number in 0..credentials {
        house.create(&scope, &format!("phone_{number}")).await.unwrap();
    }
    (house, scope)
}

async fn page(house: &House, scope: &CredentialsWrite, start: PageStart) -> Result<CredentialsPage, ProvisioningError> {
    let request = CredentialsRequest { start, limit: 10, username: None };
    house.provisioning.credentials_page(scope, request).await
}

fn cursor(text: &str) -> PageStart {
    PageStart::Cursor(text.into())
}

fn names(page: &CredentialsPage) -> Vec<String> {
    page.credentials.iter().map(|credential| credential.username.to_string()).collect()
}

#[tokio::test]
async fn cursors_and_offsets_lead_through_the_same_list() {
    let (house, scope) = house_with(25).await;
    let expected: Vec<String> = (0..25).map(|number| format!("phone_{number}")).collect();
    let (mut start, mut walked, mut pages) = (cursor(""), Vec::new(), 0);
    loop {
        let found = page(&house, &scope, start).await.unwrap();
        assert_eq!(found.total, 25);
        let by_offset = page(&house, &scope, PageStart::Offset(walked.len() as u64)).await.unwrap();
        assert_eq!((names(&by_offset), &by_offset.next_cursor), (names(&found), &found.next_cursor));
        walked.extend(names(&found));
        pages += 1;
        let Some(next) = found.next_cursor else { break };
        start = cursor(&next);
    }
    assert_eq!((walked, pages), (expected, 3));
    let beyond = page(&house, &scope, PageStart::Offset(30)).await.unwrap();
    assert_eq!((beyond.credentials.len(), beyond.total, beyond.next_cursor), (0, 25, None));
}

#[tokio::test]
async fn a_cursor_holds_its_place_while_credentials_come_and_go() {
    let (house, scope) = house_with(40).await;
    let (mut start, mut walked, mut round) = (cursor(""), Vec::new(), 0);
    loop {
        let found = page(&house, &scope, start).await.unwrap();
        walked.extend(names(&found));
        // Even the one that the cursor stands on.
        for gone in found.credentials.iter().rev().take(3) {
            house.provisioning.delete_credential(&scope, context(), gone.id).await.unwrap();
        }
        house.create(&scope, &format!("late_{round}")).await.unwrap();
        round += 1;
        assert!(round < 20, "the list ends");
        let Some(next) = found.next_cursor else { break };
        start = cursor(&next);
    }
    let distinct: HashSet<&String> = walked.iter().collect();
    assert_eq!(distinct.len(), walked.len(), "nothing twice");
    assert!((0..40).all(|number| distinct.contains(&format!("phone_{number}"))), "nothing left out");
}

#[tokio::test]
async fn cursors_of_others_and_made_up_ones_are_refused() {
    let (house, scope) = house_with(12).await;
    let other = house.account().await;
    let given = page(&house, &scope, cursor("")).await.unwrap().next_cursor.unwrap();
    let refused = async |scope: &CredentialsWrite, text: &str| {
        matches!(page(&house, scope, cursor(text)).await, Err(ProvisioningError::BadCursor))
    };
    assert!(!refused(&scope, &given).await);
    assert!(refused(&other, &given).await);
    for made_up in ["1", "!", "AAAA", &given[1..], &format!("{given}A"), &given.to_lowercase(), &given.repeat(40)] {
        assert!(refused(&scope, made_up).await, "{made_up}");
    }
    house.rotate().await.unwrap();
    assert!(refused(&scope, &given).await, "the list starts again after the keys changed");
}

#[tokio::test]
async fn a_username_is_found_whole_and_in_its_own_account() {
    let (house, scope) = house_with(12).await;
    let other = house.account().await;
    let find = async |scope: &CredentialsWrite, name: &str, start: PageStart| {
        let request = CredentialsRequest { start, limit: 10, username: Some(username(name)) };
        house.provisioning.credentials_page(scope, request).await
    };
    for start in [PageStart::Offset(0), cursor("")] {
        let found = find(&scope, "phone_1", start.clone()).await.unwrap();
        assert_eq!((names(&found), found.total, found.next_cursor), (vec!["phone_1".into()], 1, None));
        for (scope, name) in [(&scope, "phone"), (&scope, "PHONE_1"), (&other, "phone_1")] {
            let found = find(scope, name, start.clone()).await.unwrap();
            assert_eq!((found.credentials.len(), found.total), (0, 0), "{name}");
        }
    }
    let beyond = find(&scope, "phone_1", PageStart::Offset(1)).await.unwrap();
    assert_eq!((beyond.credentials.len(), beyond.total), (0, 1));
    let given = page(&house, &scope, cursor("")).await.unwrap().next_cursor.unwrap();
    assert!(matches!(find(&scope, "phone_1", cursor(&given)).await, Err(ProvisioningError::BadCursor)));
}
