//! The nonce key outlives restarts and rotations.

use crate::house::{House, operator};
use storage::{Change, ChangeSet, Commit, SettingName, Settings};

#[tokio::test]
async fn the_nonce_key_is_drawn_once_and_survives_restarts_and_rotations() {
    let house = House::new().await;
    let drawn = house.provisioning.nonce_key(&operator()).await.unwrap();
    assert_ne!(*drawn, [0; 32]);
    assert_eq!(house.provisioning.nonce_key(&operator()).await.unwrap(), drawn);
    let house = house.restarted().await;
    assert_eq!(house.provisioning.nonce_key(&operator()).await.unwrap(), drawn);
    house.rotate().await.unwrap();
    assert_eq!(house.provisioning.nonce_key(&operator()).await.unwrap(), drawn);
    assert_eq!(house.restarted().await.provisioning.nonce_key(&operator()).await.unwrap(), drawn);
}

#[tokio::test]
async fn a_nonce_key_that_does_not_open_gives_way_to_a_new_one() {
    let house = House::new().await;
    let drawn = house.provisioning.nonce_key(&operator()).await.unwrap();
    let stored = house.storage.setting(SettingName::NonceKey).await.unwrap().unwrap();
    let hidden: String = drawn.iter().map(|octet| format!("{octet:02x}")).collect();
    assert!(!stored.contains(&hidden), "stored sealed");
    for damaged in ["", "no hexadecimal", &stored.replace('0', "1")] {
        let change = Change::PutSetting { name: SettingName::NonceKey, value: damaged.into() };
        let audit = house.storage.audit_log()[0].1.clone();
        house.storage.commit(ChangeSet { changes: vec![change], audit }).await.unwrap();
        let renewed = house.provisioning.nonce_key(&operator()).await.unwrap();
        assert_ne!(renewed, drawn);
        assert_eq!(house.restarted().await.provisioning.nonce_key(&operator()).await.unwrap(), renewed);
    }
}
