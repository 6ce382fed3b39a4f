//! A UDP socket in front of the echo service, in the place of a server: it challenges, and may keep messages back.

use super::Registrar;
use parking_lot::Mutex;
use sip_user_agent::{EchoConfig, EchoUserAgent, MediaAddress};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// What the bridge does with a message on its way from the echo service; what it returns is sent.
pub type Passage = Box<dyn FnMut(Vec<u8>) -> Vec<Vec<u8>> + Send>;

pub struct EchoBridge {
    pub address: SocketAddr,
    pub echo: Arc<EchoUserAgent>,
    /// Every message that came from the phone.
    pub heard: Arc<Mutex<Vec<String>>>,
}

pub fn echo_config() -> EchoConfig {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    EchoConfig {
        media_addresses: vec![MediaAddress { bound: loopback, announced: loopback }],
        ports: 20_000..=40_000,
        most_calls: 100,
        host: "echo.invalid".to_owned(),
    }
}

impl EchoBridge {
    /// A bridge that has INVITEs challenged by that registrar, if there is one.
    pub async fn open(mut registrar: Option<Registrar>, mut passage: Passage) -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let (sender, mut sent) = mpsc::unbounded_channel::<Vec<u8>>();
        let send = Arc::new(move |octets| drop(sender.send(octets)));
        let entropy = {
            let mut entropy = [3; 32];
            entropy[0] = address.port() as u8;
            entropy
        };
        let echo = Arc::new(EchoUserAgent::new(echo_config(), entropy, send));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let bridge = Self { address, echo: Arc::clone(&echo), heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            let mut phone = None;
            let mut datagram = vec![0; 65_535];
            loop {
                tokio::select! {
                    received = socket.recv_from(&mut datagram) => {
                        let (length, source) = received.unwrap();
                        phone = Some(source);
                        let octets = &datagram[..length];
                        heard.lock().push(String::from_utf8_lossy(octets).into_owned());
                        match registrar.as_mut().and_then(|registrar| challenge(registrar, octets, source)) {
                            Some(challenge) => drop(socket.send_to(&challenge, source).await),
                            None => echo.receive(octets),
                        }
                    }
                    Some(octets) = sent.recv() => {
                        for octets in passage(octets) {
                            socket.send_to(&octets, phone.unwrap()).await.unwrap();
                        }
                    }
                }
            }
        });
        bridge
    }

    /// One that changes nothing.
    pub async fn transparent() -> Self {
        Self::open(None, Box::new(|octets| vec![octets])).await
    }

    /// What it heard of that method, in order.
    pub fn requests(&self, method: &str) -> Vec<String> {
        self.heard.lock().iter().filter(|message| message.starts_with(method)).cloned().collect()
    }
}

/// The registrar's challenge to an INVITE; `None` for what it lets in.
fn challenge(registrar: &mut Registrar, octets: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
    if !octets.starts_with(b"INVITE") {
        return None;
    }
    let answer = registrar.react(octets, source)?.pop()?;
    (!answer.starts_with(b"SIP/2.0 200")).then_some(answer)
}
