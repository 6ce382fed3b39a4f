//! What the deliverer promises, towards real servers on loopback.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests, helpers of tests among them")]

use domain::{AccountId, Clock, Timestamp, WebhookMethod};
use parking_lot::Mutex;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Change, Commit, Pending, WebhookDelivery, WebhookOutbox};
use testkit::{MemoryStorage, VirtualClock, samples};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use webhooks::{Allowed, Config, Deliverer, DelivererTask, Parts, Secure, Stream, Subscribers, signature};
use zeroize::Zeroizing;

const ACCOUNT: AccountId = AccountId(1);
const SECRET: &str = "whsec_of_the_account";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_100);
/// Longest anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What a receiver answers with.
#[derive(Clone, Copy)]
enum Reply {
    Status(&'static str),
    Nothing,
}

/// A server that keeps what it is told, and answers as its script says; the last reply again and again.
struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, connections) = (Arc::new(Mutex::default()), Arc::new(Mutex::new(0)));
        let (keeps, counts) = (Arc::clone(&heard), Arc::clone(&connections));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = {
                    let mut count = counts.lock();
                    *count += 1;
                    *count
                };
                let reply = script[number.min(script.len()) - 1];
                tokio::spawn(serve(stream, reply, Arc::clone(&keeps)));
            }
        });
        Self { address, heard, connections }
    }

    fn url(&self) -> String {
        format!("http://{}/calls?key=1", self.address)
    }

    async fn heard(&self, count: usize) -> Vec<String> {
        let begun = Instant::now();
        while self.heard.lock().len() < count {
            assert!(begun.elapsed() < LIMIT, "heard {:?} of {count}", self.heard.lock());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.heard.lock().clone()
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, keeps: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap_or(0);
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && text.to_lowercase().contains(&format!("content-length: {}\r\n", body.len()))
        {
            keeps.lock().push(text);
            break;
        }
        if read == 0 {
            return;
        }
    }
    match reply {
        Reply::Status(status) => {
            let answer = format!("HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Reply::Nothing => tokio::time::sleep(LIMIT).await,
    }
}

/// No test speaks TLS here: the handshake is the server's own.
#[derive(Debug)]
struct NoTls;

impl Secure for NoTls {
    fn secure(&self, _host: String, _stream: TcpStream) -> Pending<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}

struct OneSecret(Mutex<Option<&'static str>>);

impl Subscribers for OneSecret {
    fn secrets(&self, account: AccountId, _url: &str, _now: Timestamp) -> Vec<Zeroizing<String>> {
        assert_eq!(account, ACCOUNT);
        self.0.lock().map(|secret| Zeroizing::new(secret.to_owned())).into_iter().collect()
    }
}

struct House {
    storage: Arc<MemoryStorage>,
    secrets: Arc<OneSecret>,
    clock: Arc<VirtualClock>,
    allowed: Allowed,
    config: Config,
}

impl House {
    async fn new() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let set = samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
        storage.commit(set).await.unwrap();
        Self {
            storage,
            secrets: Arc::new(OneSecret(Mutex::new(Some(SECRET)))),
            clock: Arc::new(VirtualClock::new(NOW)),
            allowed: Allowed { networks: vec!["127.0.0.0/8".parse().unwrap()] },
            config: Config { first_pause_ms: 10, longest_pause_ms: 50, attempt_ms: 5_000, ..Config::default() },
        }
    }

    fn start(&self) -> (Arc<Deliverer>, DelivererTask) {
        Deliverer::start(Parts {
            storage: Arc::clone(&self.storage) as _,
            subscribers: Arc::clone(&self.secrets) as _,
            secure: Arc::new(NoTls),
            clock: Arc::clone(&self.clock) as _,
            allowed: self.allowed.clone(),
            config: self.config,
        })
    }

    fn message(&self, url: &str, number: u8) -> WebhookDelivery {
        let body = format!("{{\"event\":\"call.ended\",\"number\":{number}}}").into();
        WebhookDelivery {
            id: [number; 16],
            account: ACCOUNT,
            url: url.into(),
            method: WebhookMethod::Post,
            event: "call.ended".into(),
            body,
            at: self.clock.now(),
        }
    }

    fn kept(&self) -> usize {
        let mut kept = 0;
        self.storage.load_webhook_deliveries(1_000_000, &mut |_| kept += 1).unwrap();
        kept
    }

    async fn kept_are(&self, count: usize) {
        until("what is kept", || self.kept() == count).await;
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn header<'r>(request: &'r str, name: &str) -> &'r str {
    let line = request.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:"))).unwrap_or_default();
    line.split_once(':').map_or("", |(_, value)| value.trim())
}

#[tokio::test]
async fn a_message_is_signed_delivered_and_forgotten() {
    let house = House::new().await;
    let receiver = Receiver::start(vec![Reply::Status("204 No Content")]).await;
    let (deliverer, task) = house.start();
    deliverer.tell(house.message(&receiver.url(), 1));
    let request = receiver.heard(1).await.remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /calls?key=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(head, "host"), receiver.address.to_string());
    assert_eq!(header(head, "content-type"), "application/json");
    assert_eq!(body, "{\"event\":\"call.ended\",\"number\":1}");
    let secrets = [Zeroizing::new(SECRET.to_owned())];
    assert_eq!(header(head, signature::HEADER), signature::sign(&secrets, NOW.as_unix_seconds(), body.as_bytes()));
    assert_eq!(header(head, "x-sipwarden-event"), "call.ended");
    assert_eq!(header(head, "x-sipwarden-delivery"), "01010101-0101-0101-0101-010101010101");
    house.kept_are(0).await;
    let statistics = deliverer.statistics();
    assert_eq!((statistics.delivered(), statistics.waiting(), statistics.failed_attempts()), (1, 0, 0));
    task.close().await;
}

#[tokio::test]
async fn what_was_not_heard_is_said_again_and_a_redirect_leads_nowhere() {
    let house = House::new().await;
    let script = ["500 Oops", "302 Found", "404 Not Found", "200 OK"].map(Reply::Status);
    let receiver = Receiver::start(script.to_vec()).await;
    let (deliverer, task) = house.start();
    deliverer.tell(house.message(&receiver.url(), 1));
    let heard = receiver.heard(4).await;
    let body = |request: &str| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert!(heard.iter().all(|request| body(request) == body(&heard[0])));
    house.kept_are(0).await;
    assert_eq!((deliverer.statistics().delivered(), deliverer.statistics().failed_attempts()), (1, 3));
    assert_eq!(*receiver.connections.lock(), 4);
    task.close().await;
}

#[tokio::test]
async fn an_address_that_hangs_delays_itself_alone() {
    let mut house = House::new().await;
    house.config.attempt_ms = 60_000;
    let hanging = Receiver::start(vec![Reply::Nothing]).await;
    let prompt = Receiver::start(vec![Reply::Status("200 OK")]).await;
    let (deliverer, task) = house.start();
    for number in 1..=50 {
        deliverer.tell(house.message(&hanging.url(), number));
        deliverer.tell(house.message(&prompt.url(), 100 + number));
    }
    prompt.heard(50).await;
    house.kept_are(50).await;
    let under_way = *hanging.connections.lock();
    assert!(under_way <= house.config.at_once_per_address, "{under_way}");
    task.close().await;
}

#[tokio::test]
async fn an_attempt_has_an_end() {
    let mut house = House::new().await;
    house.config.attempt_ms = 50;
    let receiver = Receiver::start(vec![Reply::Nothing, Reply::Status("200 OK")]).await;
    let (deliverer, task) = house.start();
    deliverer.tell(house.message(&receiver.url(), 1));
    house.kept_are(1).await;
    receiver.heard(2).await;
    house.kept_are(0).await;
    assert_eq!(deliverer.statistics().failed_attempts(), 1);
    task.close().await;
}

#[tokio::test]
async fn private_addresses_are_not_connected_to() {
    let mut house = House::new().await;
    house.allowed = Allowed::default();
    let receiver = Receiver::start(vec![Reply::Status("200 OK")]).await;
    let (deliverer, task) = house.start();
    // By address, and by a name that leads to it.
    deliverer.tell(house.message(&receiver.url(), 1));
    deliverer.tell(house.message(&format!("http://localhost:{}/", receiver.address.port()), 2));
    until("failures", || deliverer.statistics().failed_attempts() >= 4).await;
    assert_eq!((*receiver.connections.lock(), deliverer.statistics().delivered()), (0, 0));
    task.close().await;
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let house = House::new().await;
    let receiver = Receiver::start([vec![Reply::Status("503 Later")], vec![Reply::Status("200 OK")]].concat()).await;
    let deaf = Receiver::start(vec![Reply::Status("500 Oops")]).await;
    let (deliverer, task) = house.start();
    for number in 1..=20 {
        deliverer.tell(house.message(&deaf.url(), number));
    }
    deaf.heard(1).await;
    house.kept_are(20).await;
    task.close().await;
    // Nobody hears what is said to a closed one.
    deliverer.tell(house.message(&deaf.url(), 21));
    let (deliverer, task) = house.start();
    until("what was taken up", || deliverer.statistics().waiting() == 20).await;
    deliverer.tell(house.message(&receiver.url(), 22));
    receiver.heard(2).await;
    house.kept_are(20).await;
    task.close().await;
}

#[tokio::test]
async fn what_waits_has_an_end() {
    let mut house = House::new().await;
    (house.config.waiting, house.config.first_pause_ms, house.config.longest_pause_ms) = (5, 60_000, 60_000);
    let deaf = Receiver::start(vec![Reply::Status("500 Oops")]).await;
    let (deliverer, task) = house.start();
    for number in 1..=8 {
        deliverer.tell(house.message(&deaf.url(), number));
    }
    assert_eq!((deliverer.statistics().dropped(), deliverer.statistics().waiting()), (3, 5));
    house.kept_are(5).await;
    task.close().await;
}

#[tokio::test]
async fn what_is_old_or_has_no_secret_is_given_up() {
    let house = House::new().await;
    let receiver = Receiver::start(vec![Reply::Status("500 Oops")]).await;
    let (deliverer, task) = house.start();
    deliverer.tell(house.message(&receiver.url(), 1));
    receiver.heard(2).await;
    house.clock.advance_seconds(86_400);
    house.kept_are(0).await;
    assert_eq!(deliverer.statistics().given_up(), 1);
    *house.secrets.0.lock() = None;
    deliverer.tell(house.message(&receiver.url(), 2));
    until("giving up", || deliverer.statistics().given_up() == 2).await;
    house.kept_are(0).await;
    assert_eq!(deliverer.statistics().waiting(), 0);
    task.close().await;
}
