//! Phones that register while their credential, their account or its parent is disabled and enabled.

use crate::installation::{Installation, Phone, bind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is switched off and on again.
#[derive(Clone, Copy)]
enum Switched {
    Credential,
    Account,
    Parent,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_binding_outlives_a_disable() {
    race(Switched::Credential).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_binding_outlives_the_disabling_of_its_account() {
    race(Switched::Account).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_binding_outlives_the_disabling_of_its_accounts_parent() {
    race(Switched::Parent).await;
}

async fn switch(installation: &Installation, phone: &Phone, (what, enabled): (Switched, bool)) {
    match what {
        Switched::Credential => installation.set_enabled(phone, enabled).await,
        Switched::Account => installation.set_account_enabled("SA_AAAAAAAA", enabled).await,
        Switched::Parent => installation.set_account_enabled("MA_AAAAAAAA", enabled).await,
    }
}

/// After a disable has returned, none of the credential's bindings exists and none appears until it is enabled.
async fn race(what: Switched) {
    let installation = Arc::new(Installation::new().await);
    installation.account("MA_AAAAAAAA", None).await;
    let scope = installation.sub_account("SA_AAAAAAAA", "MA_AAAAAAAA").await;
    let phone = installation.phone(&scope, "alice").await;
    let stop = Arc::new(AtomicBool::new(false));
    let accepted = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let (installation, phone) = (Arc::clone(&installation), phone.clone());
            let (stop, accepted) = (Arc::clone(&stop), Arc::clone(&accepted));
            std::thread::spawn(move || register_until(&stop, &accepted, (&installation, &phone, number)))
        })
        .collect();
    for _ in 0..100 {
        switch(&installation, &phone, (what, false)).await;
        let before = accepted.load(Ordering::SeqCst);
        for _ in 0..20 {
            assert_eq!(installation.live(&phone), Some(0));
            std::thread::yield_now();
        }
        // One that was let in before may be counted late, by each thread.
        assert!(accepted.load(Ordering::SeqCst) <= before + 3);
        switch(&installation, &phone, (what, true)).await;
        let before = accepted.load(Ordering::SeqCst);
        while accepted.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
    }
    stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().unwrap();
    }
}

fn register_until(
    stop: &AtomicBool,
    accepted: &AtomicU64,
    (installation, phone, number): (&Installation, &Phone, u32),
) {
    let contact = format!("sip:a@{number}.test");
    let now = domain::Clock::now(&*installation.clock);
    let mut cseq = 0;
    while !stop.load(Ordering::SeqCst) {
        cseq += 1;
        if bind(&installation.directory, phone, (&contact, cseq), now).is_ok() {
            accepted.fetch_add(1, Ordering::SeqCst);
        }
    }
}
