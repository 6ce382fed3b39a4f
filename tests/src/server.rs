//! A running `sipwarden serve` on a throw-away data directory and free ports.

use crate::account::Account;
use crate::api::Api;
use crate::binary;
use crate::bounded::{finish, read_lossy, signal, terminate, wait_for};
use crate::exposition::{Exposition, Format};
use crate::raw_http::RawHttp;
use crate::sip::Transport;
use crate::tls::Authority;
use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const STDERR_SHOWN: usize = 16 * 1024;
const ANY_SIP_PORTS: [&str; 2] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"];

/// A server of our own; stopped when dropped, its standard error shown if the test is failing.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    launcher: Vec<String>,
    extra: Vec<String>,
    /// Where it listens for SIP at the next start.
    sip_listen: Vec<String>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    http: SocketAddr,
    https: Option<SocketAddr>,
    /// As `TRANSPORT:ADDRESS`.
    sip: Vec<String>,
    metrics: Option<SocketAddr>,
}

impl Server {
    /// Starts one and waits until it can serve both planes.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more options of `serve`.
    ///
    /// # Panics
    /// When it does not become ready, with its standard error.
    #[must_use]
    pub fn start_with(extra: &[&str]) -> Self {
        let mut server = Self::not_started();
        server.extra = extra.iter().map(|&argument| argument.to_owned()).collect();
        server.start_again();
        server
    }

    /// Starts one that serves SIP over TLS, WebSocket and secure WebSocket too, with a certificate that peers of these
    /// tests trust.
    #[must_use]
    pub fn start_on_every_transport(extra: &[&str]) -> Self {
        let mut server = Self::not_started();
        let [certificate, key] = Authority::shared().certify(server.scratch());
        server.sip_listen.extend(["tls", "ws", "wss"].map(|name| format!("{name}:127.0.0.1:0")));
        let identity = ["--tls-certificate", &certificate, "--tls-key", &key];
        server.extra = identity.iter().chain(extra).map(|&argument| argument.to_owned()).collect();
        server.start_again();
        server
    }

    /// An empty data directory, with nothing running on it yet.
    ///
    /// # Panics
    /// When there is no place for temporary files.
    #[must_use]
    pub fn not_started() -> Self {
        let folder = tempfile::Builder::new().prefix("sipwarden-test-").tempdir().expect("a temporary folder");
        let sip_listen = ANY_SIP_PORTS.map(str::to_owned).to_vec();
        Self { folder, launcher: Vec::new(), extra: Vec::new(), sip_listen, running: None }
    }

    /// Has another program run the server from the next start on. It must leave the server as our own child.
    pub fn run_under(&mut self, launcher: &[&str]) {
        self.launcher = launcher.iter().map(|&word| word.to_owned()).collect();
    }

    /// Starts the server on the same data directory again; the ports are new.
    ///
    /// # Panics
    /// When it runs already or does not become ready.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "the server runs already");
        let announcement = self.data_dir().join("listening.json");
        // Left by a server that was killed; were it read, we would talk to nobody, or to a stranger.
        let _ = fs::remove_file(&announcement);
        let mut child = self.spawn_serve();
        let stderr_path = self.stderr_path();
        let announced = wait_for("listening.json", START_LIMIT, || {
            if let Some(ended) = child.try_wait().expect("a child that can be waited for") {
                let said = read_lossy(&stderr_path);
                // Another program's connection may leave from a port that is kept for this server; it goes by itself.
                let is_taken = said.lines().last().is_some_and(|line| line.contains("Address already in use"));
                assert!(is_taken, "serve ended with {ended:?}: {said}");
                child = self.spawn_serve();
            }
            fs::read(&announcement).ok()
        });
        let running = Running::from_announcement(child, &announced);
        let http = running.http;
        self.running = Some(running);
        wait_for("a ready server", START_LIMIT, || {
            let mut connection = RawHttp::try_connect(http)?;
            connection.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            connection.read_answer(START_LIMIT).filter(|answer| answer.status == 200)
        });
    }

    fn spawn_serve(&self) -> Child {
        let stderr = File::options().create(true).append(true).open(self.stderr_path()).expect("a file for stderr");
        binary::command_under(&self.launcher)
            .arg("serve")
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(["--http-listen", "127.0.0.1:0"])
            .args(self.sip_listen.iter().flat_map(|address| ["--sip-listen", address]))
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("a binary that can be started")
    }

    /// Asks the server to end and waits; after ten seconds it is killed, and the answer is `None`.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let mut running = self.running.take()?;
        terminate(&running.child);
        finish(&mut running.child, STOP_LIMIT)
    }

    /// Stops and starts the server, as an upgrade does.
    ///
    /// # Panics
    /// When it does not end with success within ten seconds of SIGTERM.
    pub fn restart(&mut self) {
        let ended = self.stop();
        assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}");
        self.start_again();
    }

    /// Stops and starts the server where phones expect it: at the same addresses.
    ///
    /// # Panics
    /// When it does not end with success within ten seconds of SIGTERM.
    pub fn restart_in_place(&mut self) {
        self.keep_addresses();
        self.restart();
    }

    /// Has every later start listen for SIP where this one does.
    pub fn keep_addresses(&mut self) {
        self.sip_listen = self.running().sip.clone();
    }

    /// Tells the server to read again what it can (SIGHUP).
    pub fn hang_up(&self) {
        signal(&self.running().child, "HUP");
    }

    /// Kills the server as the kernel would, with nothing flushed, and does not start it again.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill_dash_nine(&mut self) {
        let mut running = self.running.take().expect("a running server");
        running.child.kill().expect("a child that can be killed");
        running.child.wait().expect("a child that can be waited for");
    }

    /// The number of its process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.running().child.id()
    }

    /// Whether the process is still there.
    ///
    /// # Panics
    /// When the process cannot be asked after.
    pub fn is_alive(&mut self) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.child.try_wait().expect("a child that can be waited for").is_none())
    }

    /// Creates an account with the default realm.
    #[must_use]
    pub fn account(&self, name: &str) -> Account {
        self.account_with(&["--name", name])
    }

    /// Creates an account with these options of `account create`.
    #[must_use]
    pub fn account_with(&self, options: &[&str]) -> Account {
        Account::create(&self.data_dir(), options)
    }

    /// The API as that account uses it.
    #[must_use]
    pub fn api(&self, account: &Account) -> Api {
        Api::new(self.http(), account)
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the test's own files, gone with the server.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Everything the server has said on standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        read_lossy(&self.stderr_path())
    }

    /// Where it listens for HTTP.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.running().http
    }

    /// Where it listens for HTTPS, if anywhere.
    #[must_use]
    pub fn https(&self) -> Option<SocketAddr> {
        self.running().https
    }

    /// Where it listens for SIP over that transport, first of all.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn sip(&self, transport: Transport) -> SocketAddr {
        let first = self.sip_all(transport).next();
        first.unwrap_or_else(|| panic!("no {} in {:?}", transport.name(), self.running().sip))
    }

    /// Everywhere it listens for SIP over that transport.
    pub fn sip_all(&self, transport: Transport) -> impl Iterator<Item = SocketAddr> {
        let prefix = format!("{}:", transport.name());
        self.running().sip.iter().filter_map(move |place| place.strip_prefix(&prefix)?.parse().ok())
    }

    /// Where it serves metrics; for servers started with `--metrics-listen`.
    ///
    /// # Panics
    /// When it announced no such address.
    #[must_use]
    pub fn metrics(&self) -> SocketAddr {
        self.running().metrics.expect("a server that serves metrics")
    }

    /// The present metrics, read strictly.
    ///
    /// # Panics
    /// When they are not served, or not as the format says.
    #[must_use]
    pub fn scrape(&self) -> Exposition {
        Exposition::parse(&self.metrics_page(), Format::Text)
    }

    /// The present metrics as they are served.
    ///
    /// # Panics
    /// When they are not.
    #[must_use]
    pub fn metrics_page(&self) -> String {
        let mut connection = RawHttp::connect(self.metrics());
        connection.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = connection.read_answer(START_LIMIT).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.shown());
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        String::from_utf8(answer.body).expect("a text")
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("a running server")
    }

    fn stderr_path(&self) -> PathBuf {
        self.folder.path().join("stderr.log")
    }
}

impl Running {
    fn from_announcement(child: Child, announced: &[u8]) -> Self {
        let text = String::from_utf8_lossy(announced);
        let announcement: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(announcement["pid"], child.id(), "{text}");
        let addresses = |key: &str| -> Vec<String> {
            let list = announcement[key].as_array().unwrap_or_else(|| panic!("no {key} in {text}"));
            list.iter().map(|address| address.as_str().expect("an address").to_owned()).collect()
        };
        let http = addresses("http").first().and_then(|address| address.parse().ok());
        let https = addresses("https").first().and_then(|address| address.parse().ok());
        let metrics = announcement["metrics"].as_str().map(|address| address.parse().expect("an address"));
        let http = http.expect("an HTTP address");
        Self { child, http, https, sip: addresses("sip"), metrics }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            let stderr = self.stderr();
            let start = stderr.len().saturating_sub(STDERR_SHOWN);
            let shown = stderr.get(start..).unwrap_or(&stderr);
            eprintln!("--- the server's standard error, its end ---\n{shown}--- end ---");
        }
    }
}
