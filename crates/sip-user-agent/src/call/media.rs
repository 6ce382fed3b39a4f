//! The media of a call: a tone goes out in packets of 20 ms, and what comes in is measured.

use super::{Heard, MediaReport, RoundTrip};
use rtp::g711::Law;
use rtp::sdp::{Chosen, LocalMedia};
use rtp::{Reception, RtpPacket, Tone, tone_share};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

/// The milliwatt test frequency of ITU-T O.6, which is no divisor of the sampling rate.
const TONE_HZ: u16 = 1004;
/// A quarter of full scale.
const AMPLITUDE: i16 = 8000;
/// Samples in a packet of 20 ms.
const PACKET_SAMPLES: u32 = 160;
const PACKET_TIME: Duration = Duration::from_millis(20);
/// How many of the packets sent are looked for among those that come: ten seconds of them.
const REMEMBERED: usize = 500;
/// Root mean square below which nothing is heard: 50 dB below full scale.
const AUDIBLE: f64 = 100.0;
/// The longest packet that is read.
const MAX_PACKET_OCTETS: usize = 2048;

/// What signalling tells the media.
#[derive(Clone, Debug, Default)]
struct Agreed {
    chosen: Option<Chosen>,
    /// Nothing more is sent; what is still on its way is heard.
    is_draining: bool,
}

/// The media of one call.
pub(super) struct Media {
    pub(super) local: LocalMedia,
    agreed: watch::Sender<Agreed>,
    task: JoinHandle<MediaReport>,
}

impl Media {
    /// Binds a socket beside that of signalling and waits for an agreement.
    pub(super) async fn open(address: IpAddr, word: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind((address, 0)).await?;
        let port = socket.local_addr()?.port();
        let local = LocalMedia { address, port, session_id: word >> 2, version: 1 };
        let (agreed, told) = watch::channel(Agreed::default());
        let task = tokio::spawn(Talk::new(socket, told, word).run());
        Ok(Self { local, agreed, task })
    }

    /// Both sides have agreed, at first or anew.
    pub(super) fn agree(&self, chosen: Chosen) {
        self.agreed.send_modify(|agreed| agreed.chosen = Some(chosen));
    }

    /// Stops sending.
    pub(super) fn drain(&self) {
        self.agreed.send_modify(|agreed| agreed.is_draining = true);
    }

    /// Ends it.
    pub(super) async fn finish(self) -> Option<MediaReport> {
        drop(self.agreed);
        self.task.await.ok()
    }
}

struct Talk {
    socket: UdpSocket,
    agreed: watch::Receiver<Agreed>,
    began: Instant,
    tone: Tone,
    next: Numbers,
    sent: u64,
    remembered: VecDeque<(Vec<u8>, Instant)>,
    /// Who was heard first; others are not listened to.
    source: Option<(SocketAddr, u32)>,
    reception: Reception,
    measured: Measured,
}

/// The numbers of the next packet sent.
struct Numbers {
    source: u32,
    sequence: u16,
    timestamp: u32,
}

#[derive(Default)]
struct Measured {
    energy: f64,
    tone_energy: f64,
    samples: u64,
    returned: u64,
    total: Duration,
    least: Duration,
    most: Duration,
}

impl Talk {
    fn new(socket: UdpSocket, agreed: watch::Receiver<Agreed>, word: u64) -> Self {
        Self {
            socket,
            agreed,
            began: Instant::now(),
            tone: Tone::new(TONE_HZ, AMPLITUDE, word as u32),
            next: Numbers {
                source: (word >> 32) as u32,
                sequence: (word >> 8 & 0x7fff) as u16,
                timestamp: word as u32,
            },
            sent: 0,
            remembered: VecDeque::new(),
            source: None,
            reception: Reception::default(),
            measured: Measured::default(),
        }
    }

    /// Until the other end of the channel is gone.
    async fn run(mut self) -> MediaReport {
        let mut octets = vec![0; MAX_PACKET_OCTETS];
        let mut ticks = interval(PACKET_TIME);
        loop {
            tokio::select! {
                changed = self.agreed.changed() => if changed.is_err() {
                    return self.report();
                },
                received = self.socket.recv_from(&mut octets) => {
                    // An ICMP error to something sent earlier is no packet.
                    if let Ok((length, source)) = received {
                        self.hear(octets.get(..length).unwrap_or_default(), source);
                    }
                }
                _ = ticks.tick() => self.say(),
            }
        }
    }

    fn say(&mut self) {
        let Some((to, payload_type, law)) = self.sends_to() else { return };
        let payload: Vec<u8> = (0..PACKET_SAMPLES).map(|_| law.encode(self.tone.sample())).collect();
        let Numbers { source, sequence, timestamp } = self.next;
        let packet = RtpPacket { payload_type, marker: self.sent == 0, sequence, timestamp, source, payload: &payload };
        let mut out = Vec::with_capacity(payload.len() + 12);
        packet.write(&mut out);
        self.next.sequence = sequence.wrapping_add(1);
        self.next.timestamp = timestamp.wrapping_add(PACKET_SAMPLES);
        // What a full buffer or an unreachable port swallows is lost, and shows as that.
        let _ = self.socket.try_send_to(&out, to);
        self.sent += 1;
        if self.remembered.len() >= REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back((payload, Instant::now()));
    }

    /// Where to send and how, if the other side wants to hear anything.
    fn sends_to(&self) -> Option<(SocketAddr, u8, Law)> {
        let agreed = self.agreed.borrow();
        let chosen = agreed.chosen.as_ref().filter(|chosen| chosen.direction.receives() && !agreed.is_draining)?;
        let (payload_type, law) = *chosen.laws.first()?;
        Some((SocketAddr::new(chosen.address?, chosen.port), payload_type, law))
    }

    fn hear(&mut self, octets: &[u8], source: SocketAddr) {
        let Ok(packet) = RtpPacket::parse(octets) else { return };
        let law = {
            let agreed = self.agreed.borrow();
            let Some(chosen) = &agreed.chosen else { return };
            if !chosen.speaks(packet.payload_type) {
                return;
            }
            chosen.laws.iter().find(|(payload_type, _)| *payload_type == packet.payload_type).map(|(_, law)| *law)
        };
        if *self.source.get_or_insert((source, packet.source)) != (source, packet.source) {
            return;
        }
        let arrived_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.reception.note(packet.sequence, packet.timestamp, arrived_us);
        if let Some(law) = law {
            self.measured.add(&packet.payload.iter().map(|octet| law.decode(*octet)).collect::<Vec<_>>());
        }
        let sent_at = self.remembered.iter().rposition(|(payload, _)| payload == packet.payload);
        if let Some((_, sent_at)) = sent_at.and_then(|place| self.remembered.remove(place)) {
            self.measured.add_return(sent_at.elapsed());
        }
    }

    fn report(self) -> MediaReport {
        MediaReport {
            sent: self.sent,
            returned: self.measured.returned,
            reception: self.reception.report(),
            heard: self.measured.heard(self.source.is_some()),
            round_trip: self.measured.round_trip(),
        }
    }
}

impl Measured {
    /// Packet by packet, so that one that is missing does not break the phase of the others.
    fn add(&mut self, samples: &[i16]) {
        let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        self.energy += energy;
        self.tone_energy += energy * tone_share(samples, TONE_HZ);
        self.samples += samples.len() as u64;
    }

    fn add_return(&mut self, took: Duration) {
        self.least = if self.returned == 0 { took } else { self.least.min(took) };
        self.most = self.most.max(took);
        self.total += took;
        self.returned += 1;
    }

    fn heard(&self, anything: bool) -> Heard {
        let loudness = if self.samples == 0 { 0.0 } else { (self.energy / self.samples as f64).sqrt() };
        if !anything {
            Heard::Nothing
        } else if loudness < AUDIBLE {
            Heard::Silence
        } else if self.tone_energy > self.energy / 2.0 {
            Heard::Tone
        } else {
            Heard::OtherSound
        }
    }

    fn round_trip(&self) -> Option<RoundTrip> {
        let count = u32::try_from(self.returned).ok().filter(|count| *count > 0)?;
        Some(RoundTrip { least: self.least, mean: self.total / count, most: self.most })
    }
}
