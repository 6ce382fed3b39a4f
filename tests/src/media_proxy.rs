//! Media proxies for a server under test: Debian's rtpengine, forwarding in user space, and one that a test plays.

use crate::bounded::{finish, try_wait_for};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longer than the daemon takes to start.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often a port is looked for: somebody else may take the one that was free a moment ago.
const TRIES: usize = 5;

/// A running rtpengine; killed when dropped.
#[derive(Debug)]
pub struct Rtpengine {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Rtpengine {
    /// Starts one that answers.
    ///
    /// # Panics
    /// When none stays up.
    #[must_use]
    pub fn start() -> Self {
        (0..TRIES).find_map(|_| Self::try_start()).expect("an rtpengine that stays up")
    }

    fn try_start() -> Option<Self> {
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let address = free.expect("a free port");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new("rtpengine")
            .args(["--foreground", "--table=-1", "--interface=127.0.0.1", "--log-stderr", "--num-threads=2"])
            .args([&format!("--listen-ng={address}"), "--port-min=42000", "--port-max=45000"])
            // The installed one has fixed ports for operators, which one daemon alone can have.
            .arg("--config-file=none")
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rtpengine, which cargo xtask test brings");
        let ours = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        ours.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket that takes a time limit");
        let answers = || {
            if child.try_wait().expect("a child").is_some() {
                return Some(false);
            }
            // Refused while nobody listens yet.
            let _ = ours.send_to(b"ping d7:command4:pinge", address);
            ours.recv(&mut [0; 64]).is_ok().then_some(true)
        };
        let is_up = try_wait_for(START_LIMIT, answers) == Some(true);
        let daemon = Self { child, address, _folder: folder };
        is_up.then_some(daemon)
    }

    /// Where it takes its ng protocol, as `--rtpengine` wants it.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        finish(&mut self.child, Duration::ZERO);
    }
}

/// A proxy that answers every description with one of its own, after a while.
#[derive(Debug)]
pub struct PlayedProxy {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl PlayedProxy {
    /// Plays it until the test ends.
    ///
    /// # Panics
    /// When there is no socket to be had.
    #[must_use]
    pub fn start(sdp: &'static str, delay: Duration) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let address = socket.local_addr().expect("a bound socket");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut datagram = vec![0; 65_535];
            while let Ok((length, source)) = socket.recv_from(&mut datagram) {
                let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                let (cookie, command) = text.split_once(' ').unwrap_or_default();
                if command.contains("7:command4:ping") {
                    let _ = socket.send_to(format!("{cookie} d6:result4:ponge").as_bytes(), source);
                    continue;
                }
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(command.to_owned());
                std::thread::sleep(delay);
                let answer = format!("{cookie} d6:result2:ok3:sdp{}:{sdp}e", sdp.len());
                let _ = socket.send_to(answer.as_bytes(), source);
            }
        });
        Self { address, heard }
    }

    /// Where it takes its ng protocol.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked for, without what only asks whether it is there.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
