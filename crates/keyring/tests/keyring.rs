//! Sealing, opening, and the stored forms that must stay readable for ever.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers of tests among them")]

use domain::{
    AuthId, CredentialId, DigestAlgorithm, OriginationUriId, RandomSource, RealmName, Sealed, Username, UsernameRule,
};
use keyring::{Ha1Context, Keyring, KeyringError, UpstreamSecretContext, WebhookSecretContext};
use std::sync::atomic::{AtomicU8, Ordering};

/// The octets 0, 1, 2 … in turn.
#[derive(Default)]
struct Counting(AtomicU8);

impl RandomSource for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(1, Ordering::SeqCst));
    }
}

const ONE_KEY: &str = "# comment\n\nkey 7 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
const OTHER_KEY: &str = "key 8 //////////////////////////////////////////8=\n";

struct Place {
    account: AuthId,
    realm: RealmName,
    username: Username,
    credential: CredentialId,
    algorithm: DigestAlgorithm,
}

impl Place {
    fn new() -> Self {
        Self {
            account: AuthId::parse("MA_XXXXXXXX").unwrap(),
            realm: RealmName::parse("MA_XXXXXXXX.sip.localhost").unwrap(),
            username: Username::parse("office_phone_01", UsernameRule::Strict).unwrap(),
            credential: CredentialId::from_bytes(*b"0123456789abcdef"),
            algorithm: DigestAlgorithm::Sha256,
        }
    }

    fn context(&self) -> Ha1Context<'_> {
        Ha1Context {
            account: &self.account,
            credential: self.credential,
            algorithm: self.algorithm,
            realm: &self.realm,
            username: &self.username,
            device: None,
        }
    }
}

fn unhex(text: &str) -> Box<[u8]> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn ha1s_open_where_they_were_sealed() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let place = Place::new();
    for ha1 in [&[0xa5_u8; 16][..], &[0x5a; 32]] {
        let sealed = keyring.seal_ha1(&place.context(), ha1, &Counting::default());
        assert_eq!(sealed.as_bytes().len(), 5 + 12 + ha1.len() + 16);
        assert_eq!(keyring.open_ha1(&place.context(), &sealed).unwrap().as_bytes(), ha1);
    }
}

#[test]
fn ha1s_open_nowhere_else() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let place = Place::new();
    let sealed = keyring.seal_ha1(&place.context(), &[1; 32], &Counting::default());
    let elsewhere = [
        Place { account: AuthId::parse("MA_XXXXXXXY").unwrap(), ..Place::new() },
        Place { credential: CredentialId::from_bytes(*b"0123456789abcdeg"), ..Place::new() },
        Place { algorithm: DigestAlgorithm::Sha512_256, ..Place::new() },
        Place { realm: RealmName::parse("MA_XXXXXXXX.sip.localhosu").unwrap(), ..Place::new() },
        Place { username: Username::parse("office_phone_02", UsernameRule::Strict).unwrap(), ..Place::new() },
    ];
    for other in elsewhere {
        assert_eq!(keyring.open_ha1(&other.context(), &sealed).err(), Some(KeyringError::NotAuthentic));
    }
    assert_eq!(keyring.open_named("ha1", &sealed).err(), Some(KeyringError::NotAuthentic));
}

#[test]
fn every_altered_octet_is_noticed() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let place = Place::new();
    let sealed = keyring.seal_ha1(&place.context(), &[1; 16], &Counting::default());
    for index in 0..sealed.as_bytes().len() {
        let mut altered: Box<[u8]> = sealed.as_bytes().into();
        altered[index] ^= 0x80;
        let error = keyring.open_ha1(&place.context(), &Sealed::from_bytes(altered)).err().unwrap();
        let expected = match index {
            0 => KeyringError::Damaged,
            1..5 => KeyringError::UnknownKey { id: 7 ^ (0x80 << (8 * (4 - index))) },
            _ => KeyringError::NotAuthentic,
        };
        assert_eq!(error, expected, "octet {index}");
    }
}

#[test]
fn a_sealed_secret_of_another_length_is_no_ha1() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    for length in [0, 15, 17, 31, 33, 1000] {
        let sealed = keyring.seal_named("other", &vec![0; length], &Counting::default());
        assert_eq!(keyring.open_ha1(&Place::new().context(), &sealed).err(), Some(KeyringError::Damaged));
    }
}

#[test]
fn named_secrets_open_under_their_name() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    for plain in [&b""[..], b"x", &[9; 4096]] {
        let sealed = keyring.seal_named("key check", plain, &Counting::default());
        assert_eq!(&**keyring.open_named("key check", &sealed).unwrap(), plain);
        assert_eq!(keyring.open_named("key_check", &sealed).err(), Some(KeyringError::NotAuthentic));
    }
}

#[test]
fn upstream_secrets_open_where_they_were_sealed_only() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let (account, other) = (AuthId::parse("MA_XXXXXXXX").unwrap(), AuthId::parse("MA_XXXXXXXY").unwrap());
    let uri = |last: u8| OriginationUriId::from_bytes([last; 16]);
    let context = UpstreamSecretContext { account: &account, origination_uri: uri(1), username: "carrier" };
    let sealed = keyring.seal_upstream_secret(&context, b"correct horse", &Counting::default());
    assert_eq!(&**keyring.open_upstream_secret(&context, &sealed).unwrap(), b"correct horse");
    for elsewhere in [
        UpstreamSecretContext { account: &other, ..context },
        UpstreamSecretContext { origination_uri: uri(2), ..context },
        UpstreamSecretContext { username: "carrie", ..context },
    ] {
        let opened = keyring.open_upstream_secret(&elsewhere, &sealed);
        assert_eq!(opened.err(), Some(KeyringError::NotAuthentic));
    }
    assert_eq!(keyring.open_named("upstream secret", &sealed).err(), Some(KeyringError::NotAuthentic));
    // The stored form of before: this must open for ever.
    let hex: String = sealed.as_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(hex, STORED_UPSTREAM_SECRET);
    let stored = Sealed::from_bytes(unhex(STORED_UPSTREAM_SECRET));
    assert_eq!(&**keyring.open_upstream_secret(&context, &stored).unwrap(), b"correct horse");
}

#[test]
fn webhook_secrets_open_for_their_account_only() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let (account, other) = (AuthId::parse("MA_XXXXXXXX").unwrap(), AuthId::parse("MA_XXXXXXXY").unwrap());
    let context = WebhookSecretContext { account: &account };
    let sealed = keyring.seal_webhook_secret(&context, b"whsec_1", &Counting::default());
    assert_eq!(&**keyring.open_webhook_secret(&context, &sealed).unwrap(), b"whsec_1");
    let elsewhere = keyring.open_webhook_secret(&WebhookSecretContext { account: &other }, &sealed);
    assert_eq!(elsewhere.err(), Some(KeyringError::NotAuthentic));
    assert_eq!(keyring.open_named("webhook secret", &sealed).err(), Some(KeyringError::NotAuthentic));
    // The stored form of before: this must open for ever.
    let hex: String = sealed.as_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(hex, STORED_WEBHOOK_SECRET);
    let stored = Sealed::from_bytes(unhex(STORED_WEBHOOK_SECRET));
    assert_eq!(&**keyring.open_webhook_secret(&context, &stored).unwrap(), b"whsec_1");
}

const STORED_WEBHOOK_SECRET: &str = "0100000007000102030405060708090a0befee3820e9f74a616490eed97812155a367d79d2f607e0";

const STORED_UPSTREAM_SECRET: &str =
    "0100000007000102030405060708090a0bfbe93937efcb0f995b1157ae7ec8c3f441db002416e68ac220777b71ca";

#[test]
fn nonces_are_drawn_anew() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let random = Counting::default();
    let first = keyring.seal_named("name", b"same", &random);
    let second = keyring.seal_named("name", b"same", &random);
    assert_ne!(first, second);
}

#[test]
fn rotation_seals_with_the_first_key_and_opens_with_all() {
    let old = Keyring::parse(ONE_KEY).unwrap();
    let both = Keyring::parse(&format!("{OTHER_KEY}{ONE_KEY}")).unwrap();
    let new = Keyring::parse(OTHER_KEY).unwrap();
    let random = Counting::default();
    let before = old.seal_named("name", b"before", &random);
    let after = both.seal_named("name", b"after", &random);
    assert_eq!(&**both.open_named("name", &before).unwrap(), b"before");
    assert_eq!(&**new.open_named("name", &after).unwrap(), b"after");
    assert_eq!(new.open_named("name", &before).err(), Some(KeyringError::UnknownKey { id: 7 }));
    assert_eq!(old.open_named("name", &after).err(), Some(KeyringError::UnknownKey { id: 8 }));
}

#[test]
fn another_key_of_the_same_number_is_noticed() {
    let one = Keyring::parse(ONE_KEY).unwrap();
    let twin = Keyring::parse(&OTHER_KEY.replace("key 8", "key 7")).unwrap();
    let sealed = one.seal_named("key check", b"constant", &Counting::default());
    assert_eq!(twin.open_named("key check", &sealed).err(), Some(KeyringError::NotAuthentic));
}

/// Stored secrets of version 1 outlive this code. `golden.py` beside this file computed them with other libraries.
#[test]
fn stored_forms_of_version_1_still_open() {
    let golden = include_str!("golden_v1.txt");
    let value = |name: &str| golden.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    let place = Place::new();

    let sealed = Sealed::from_bytes(unhex(value("ha1")));
    assert_eq!(keyring.open_ha1(&place.context(), &sealed).unwrap().as_bytes(), [0xa5; 32]);
    assert_eq!(keyring.seal_ha1(&place.context(), &[0xa5; 32], &Counting::default()), sealed);
    let named = Sealed::from_bytes(unhex(value("named")));
    assert_eq!(&**keyring.open_named("key check", &named).unwrap(), b"sipwarden");
}

#[test]
fn key_texts_round_trip() {
    let generated = Keyring::generate(&Counting::default());
    let text = generated.to_file_text();
    assert_eq!(text.lines().last(), Some("key 66051 BAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiM="));
    let sealed = generated.seal_named("name", b"secret", &Counting::default());
    assert_eq!(&**Keyring::parse(&text).unwrap().open_named("name", &sealed).unwrap(), b"secret");

    let both = Keyring::parse(&format!("{OTHER_KEY}{ONE_KEY}")).unwrap();
    assert_eq!(*Keyring::parse(&both.to_file_text()).unwrap().to_file_text(), *both.to_file_text());
    let lines: Vec<String> = both.to_file_text().lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect();
    assert_eq!(lines[0], OTHER_KEY.trim());
}

#[test]
fn bad_key_texts_name_the_line() {
    let check = |text: &str| Keyring::parse(text).err();
    assert_eq!(check(""), Some(KeyringError::NoKey));
    assert_eq!(check("# nothing\n \n"), Some(KeyringError::NoKey));
    assert_eq!(check(&format!("{ONE_KEY}{ONE_KEY}")), Some(KeyringError::DuplicateKey { line: 6, id: 7 }));
    let octets = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for bad in [
        format!("key x {octets}"),
        format!("key -1 {octets}"),
        format!("key 4294967296 {octets}"),
        format!("key 1 {octets} more"),
        format!("lock 1 {octets}"),
        format!("key {octets}"),
        "key 1 AAEC".into(),
        format!("key 1 AAAA{octets}"),
        format!("key 1 {octets}{octets}"),
        "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=".into(),
        "key 1 not*base64".into(),
        octets.into(),
    ] {
        assert_eq!(check(&format!("# head\n{bad}\n")), Some(KeyringError::BadLine { line: 2 }), "{bad}");
    }
}

#[test]
fn nothing_shows_keys_or_secrets() {
    let keyring = Keyring::parse(ONE_KEY).unwrap();
    assert_eq!(format!("{keyring:?}"), "Keyring { ids: [7], .. }");
    let place = Place::new();
    let sealed = keyring.seal_ha1(&place.context(), &[0xa5; 16], &Counting::default());
    let opened = keyring.open_ha1(&place.context(), &sealed).unwrap();
    assert_eq!(format!("{opened:?}"), "OpenedHa1(<redacted>)");
    let error = Keyring::parse("key 1 c2VjcmV0").err().unwrap();
    assert!(!format!("{error} {error:?}").contains("c2Vj"));
}

#[test]
fn keyrings_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Keyring>();
}
