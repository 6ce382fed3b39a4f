//! Numbers of starts, and settings of the installation.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::Subject;
use crate::RecordingFollower;
use domain::{Revision, Timestamp};
use std::sync::Arc;
use storage::{BootNumber, Change, Fact, SettingName};
use tokio::task::JoinSet;

/// A number is larger than every earlier one, of whatever node and at whatever time.
pub async fn boot_numbers_increase(subject: Subject) {
    let mut last = BootNumber(0);
    for (node, second) in [("a", 10), ("b", 20), ("a", 5), ("a", 5)] {
        let number = subject.storage.begin_boot(node, Timestamp::from_seconds(second)).await.unwrap();
        assert!(number > last);
        last = number;
    }
}

/// The starts at or after a moment, newest first.
pub async fn boots_since_is_newest_first(subject: Subject) {
    assert!(subject.storage.boots_since(Timestamp::from_seconds(0)).await.unwrap().is_empty());
    let mut numbers = Vec::new();
    for second in [10, 20, 30] {
        numbers.insert(0, subject.storage.begin_boot("node", Timestamp::from_seconds(second)).await.unwrap());
    }
    for (since, expected) in [(0, 3), (10, 3), (11, 2), (30, 1), (31, 0)] {
        let recent = subject.storage.boots_since(Timestamp::from_seconds(since)).await.unwrap();
        assert_eq!(recent, numbers.iter().copied().take(expected).collect::<Vec<_>>(), "since {since}");
    }
}

/// A node in a restart loop does not make the list endless.
pub async fn boots_since_is_bounded(subject: Subject) {
    let mut boots = JoinSet::new();
    for second in 0..1030 {
        let storage = subject.storage.clone();
        boots.spawn(async move { storage.begin_boot("node", Timestamp::from_seconds(second)).await.unwrap() });
    }
    let mut numbers = boots.join_all().await;
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    assert_eq!(numbers.len(), 1030);
    numbers.truncate(1024);
    assert_eq!(subject.storage.boots_since(Timestamp::from_seconds(0)).await.unwrap(), numbers);
}

/// A setting is absent, then has the last value written; settings do not mix.
pub async fn settings_are_written_and_replaced(subject: Subject) {
    for name in SettingName::ALL {
        assert_eq!(subject.storage.setting(name).await.unwrap(), None);
    }
    for value in ["first", "", "zweiter Wert: ä"] {
        subject.commit(Change::PutSetting { name: SettingName::BaseDomain, value: value.into() }).await.unwrap();
        assert_eq!(subject.storage.setting(SettingName::BaseDomain).await.unwrap().as_deref(), Some(value));
    }
    assert_eq!(subject.storage.setting(SettingName::KeyCheck).await.unwrap(), None);
}

/// A cleared setting is absent and told once; clearing what is absent is no news.
pub async fn settings_are_cleared(subject: Subject) {
    let (kept, cleared) = (SettingName::NonceKey, SettingName::DefaultAccount);
    for name in [kept, cleared] {
        subject.commit(Change::PutSetting { name, value: "value".into() }).await.unwrap();
    }
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    subject.commit(Change::ClearSetting(cleared)).await.unwrap();
    let told = |calls: Vec<(Revision, Vec<Fact>)>| calls.into_iter().next_back().unwrap().1;
    assert!(matches!(told(follower.calls())[..], [Fact::SettingCleared(name)] if name == cleared));
    assert_eq!(subject.storage.setting(cleared).await.unwrap(), None);
    assert_eq!(subject.storage.setting(kept).await.unwrap().as_deref(), Some("value"));
    subject.commit(Change::ClearSetting(cleared)).await.unwrap();
    assert!(told(follower.calls()).is_empty());
}
