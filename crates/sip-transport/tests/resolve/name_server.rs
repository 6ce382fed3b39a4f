//! A name server on loopback that answers from a handful of records and keeps what it was asked.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NAPTR, SOA, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// How long an answer is good, and the answer that there is none.
const TTL_SECONDS: u32 = 60;

#[derive(Default, Clone)]
pub struct Zone {
    records: Vec<Record>,
    truncated: HashSet<Name>,
}

impl Zone {
    pub fn address(self, name: &str, address: &str) -> Self {
        let data = match address.parse().unwrap() {
            IpAddr::V4(address) => RData::A(A(address)),
            IpAddr::V6(address) => RData::AAAA(AAAA(address)),
        };
        self.with(name, data)
    }

    pub fn alias(self, name: &str, target: &str) -> Self {
        self.with(name, RData::CNAME(CNAME(fqdn(target))))
    }

    pub fn service(self, name: &str, (priority, weight): (u16, u16), port: u16, host: &str) -> Self {
        self.with(name, RData::SRV(SRV::new(priority, weight, port, fqdn(host))))
    }

    pub fn rule(self, name: &str, (order, preference): (u16, u16), services: &str, replacement: &str) -> Self {
        let octets = |text: &str| text.as_bytes().into();
        let data = NAPTR::new(order, preference, octets("s"), octets(services), octets(""), fqdn(replacement));
        self.with(name, RData::NAPTR(data))
    }

    /// Answers about that name do not fit into a datagram.
    pub fn truncated(mut self, name: &str) -> Self {
        self.truncated.insert(fqdn(name));
        self
    }

    fn with(mut self, name: &str, data: RData) -> Self {
        self.records.push(Record::from_rdata(fqdn(name), TTL_SECONDS, data));
        self
    }
}

fn fqdn(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}

#[derive(Clone, Debug)]
pub struct Question {
    pub text: String,
    pub over_tcp: bool,
}

/// Ends with the value.
pub struct NameServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Question>>>,
    _serving: JoinSet<()>,
}

impl NameServer {
    pub async fn start(zone: Zone) -> Self {
        let (datagrams, connections) = bind().await;
        let address = datagrams.local_addr().unwrap();
        let (zone, asked) = (Arc::new(zone), Arc::default());
        let mut serving = JoinSet::new();
        serving.spawn(serve_datagrams(datagrams, Arc::clone(&zone), Arc::clone(&asked)));
        serving.spawn(serve_connections(connections, zone, Arc::clone(&asked)));
        Self { address, asked, _serving: serving }
    }

    /// One that takes questions and never answers.
    pub async fn silent() -> Self {
        let (datagrams, connections) = bind().await;
        let address = datagrams.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _held = (datagrams, connections);
            std::future::pending::<()>().await;
        });
        Self { address, asked: Arc::default(), _serving: serving }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn questions(&self) -> Vec<Question> {
        self.asked.lock().clone()
    }
}

/// A UDP and a TCP socket of the same number.
async fn bind() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(connections) = TcpListener::bind(datagrams.local_addr().unwrap()).await {
            return (datagrams, connections);
        }
    }
    panic!("no port is free for both");
}

async fn serve_datagrams(socket: UdpSocket, zone: Arc<Zone>, asked: Arc<Mutex<Vec<Question>>>) {
    let mut buffer = vec![0; 4096];
    loop {
        let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
        let answer = answer(&buffer[..length], &zone, &asked, Over::Udp);
        socket.send_to(&answer, client).await.unwrap();
    }
}

async fn serve_connections(listener: TcpListener, zone: Arc<Zone>, asked: Arc<Mutex<Vec<Question>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve_connection(stream, Arc::clone(&zone), Arc::clone(&asked)));
    }
}

async fn serve_connection(mut stream: TcpStream, zone: Arc<Zone>, asked: Arc<Mutex<Vec<Question>>>) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await.unwrap();
        let answer = answer(&question, &zone, &asked, Over::Tcp);
        stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Udp,
    Tcp,
}

fn answer(octets: &[u8], zone: &Zone, asked: &Mutex<Vec<Question>>, over: Over) -> Vec<u8> {
    let question = Message::from_vec(octets).unwrap();
    let query = question.queries[0].clone();
    let text = format!("{} {}", query.name.to_ascii().to_lowercase(), query.query_type);
    asked.lock().push(Question { text, over_tcp: over == Over::Tcp });
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    if over == Over::Udp && zone.truncated.contains(&query.name) {
        answer.metadata.truncation = true;
        return answer.to_vec().unwrap();
    }
    let of = |name: &Name| zone.records.iter().filter(|record| record.name == *name).cloned().collect::<Vec<_>>();
    let mut records = of(&query.name);
    let exists = !records.is_empty();
    if let [Record { data: RData::CNAME(alias), .. }] = &records[..] {
        let target = of(&alias.0);
        records.extend(target);
    }
    records.retain(|record| record.record_type() == query.query_type || record.record_type() == RecordType::CNAME);
    if records.is_empty() {
        let soa = SOA::new(fqdn("ns.example"), fqdn("us.example"), 1, 1, 1, 1, TTL_SECONDS);
        answer.add_authority(Record::from_rdata(query.name.clone(), TTL_SECONDS, RData::SOA(soa)));
        answer.metadata.response_code = if exists { ResponseCode::NoError } else { ResponseCode::NXDomain };
    }
    answer.add_answers(records);
    answer.to_vec().unwrap()
}
