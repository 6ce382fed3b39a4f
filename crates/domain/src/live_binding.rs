//! A contact binding as the location service keeps it in memory: one allocation for all its texts.

use crate::contact_binding::needs_its_connection;
use crate::{BindingId, ContactBinding, CredentialId, SignallingTransport, Timestamp};
use std::net::SocketAddr;

/// The texts of a binding before they are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BindingTexts<'t> {
    /// The contact URI, without display name and header parameters.
    pub contact: &'t [u8],
    /// `+sip.instance` (RFC 5626), empty without one.
    pub instance: &'t [u8],
    /// The Path header values, comma-separated (RFC 3327), empty without one.
    pub path: &'t [u8],
    /// Call-ID of the last refresh.
    pub call_id: &'t [u8],
    /// The User-Agent header, empty without one.
    pub user_agent: &'t [u8],
}

/// Those texts in one piece of memory, each cut to 65,535 octets in all.
#[derive(Clone, PartialEq, Eq, Debug)]
struct PackedTexts {
    octets: Box<[u8]>,
    /// Where contact, instance, path and Call-ID end; the User-Agent is the rest.
    ends: [u16; 4],
}

impl PackedTexts {
    fn pack(texts: BindingTexts<'_>) -> Self {
        let parts = [texts.contact, texts.instance, texts.path, texts.call_id, texts.user_agent];
        let mut octets = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>().min(65_535));
        let mut ends = [0; 4];
        for (index, part) in parts.into_iter().enumerate() {
            let room = usize::from(u16::MAX).saturating_sub(octets.len());
            octets.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            if let Some(end) = ends.get_mut(index) {
                *end = u16::try_from(octets.len()).unwrap_or(u16::MAX);
            }
        }
        Self { octets: octets.into_boxed_slice(), ends }
    }

    fn unpack(&self) -> BindingTexts<'_> {
        let [contact, instance, path, call_id] = self.ends.map(usize::from);
        let part = |start: usize, end: usize| self.octets.get(start..end).unwrap_or_default();
        BindingTexts {
            contact: part(0, contact),
            instance: part(contact, instance),
            path: part(instance, path),
            call_id: part(path, call_id),
            user_agent: part(call_id, self.octets.len()),
        }
    }
}

/// A binding in the location service. The credential it belongs to is known from where it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveBinding {
    /// All but its texts.
    pub facts: BindingFacts,
    /// What storage has of it.
    pub stored: Stored,
    texts: PackedTexts,
}

/// How much of a binding storage has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// Nothing, or another state of it.
    No,
    /// All but when it ends and the last CSeq number: what a refresh changes, as a rule.
    ButForRefresh,
    /// All of it.
    Yes,
}

/// What a binding is made of besides its texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BindingFacts {
    /// Which of its credential's bindings.
    pub id: BindingId,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
    /// When it was first made.
    pub registered_at: Timestamp,
    /// The address the REGISTER came from.
    pub source: SocketAddr,
    /// The address of ours that received it.
    pub local: SocketAddr,
    /// `CSeq` number.
    pub cseq: u32,
    /// The credential generation that authenticated it.
    pub generation: u32,
    /// `reg-id` (RFC 5626), zero without one.
    pub reg_id: u32,
    /// The preference in thousandths, 0 to 1000.
    pub q_thousandths: u16,
    /// The transport the REGISTER came over.
    pub transport: SignallingTransport,
    /// The connection the REGISTER came over, as long as it is open; zero without one. It names nothing beyond this
    /// process's life and is never stored.
    pub connection: u64,
}

impl LiveBinding {
    /// A binding that storage does not have yet.
    #[must_use]
    pub fn new(facts: BindingFacts, texts: BindingTexts<'_>) -> Self {
        Self { facts, stored: Stored::No, texts: PackedTexts::pack(texts) }
    }

    /// Its texts.
    #[must_use]
    pub fn texts(&self) -> BindingTexts<'_> {
        self.texts.unpack()
    }

    /// Renews it, keeping its identity and age; allocates only if a text changed.
    pub fn refresh(&mut self, facts: BindingFacts, texts: BindingTexts<'_>) {
        let facts = BindingFacts { id: self.facts.id, registered_at: self.facts.registered_at, ..facts };
        let BindingFacts { expires_at, cseq, connection, .. } = facts;
        let mut is_same = BindingFacts { expires_at, cseq, connection, ..self.facts } == facts;
        if self.texts() != texts {
            self.texts = PackedTexts::pack(texts);
            is_same = false;
        }
        self.facts = facts;
        self.stored = if is_same && self.stored != Stored::No { Stored::ButForRefresh } else { Stored::No };
    }

    /// Whether the phone can be reached in no other way than over the connection it registered over.
    #[must_use]
    pub fn needs_its_connection(&self) -> bool {
        needs_its_connection(self.facts.transport, self.facts.reg_id, self.texts().contact)
    }

    /// Whether it was made over a connection that has ended since, in this process's life or before.
    #[must_use]
    pub fn has_lost_its_connection(&self) -> bool {
        self.facts.transport.has_connections() && self.facts.connection == 0
    }

    /// The binding as storage keeps it.
    #[must_use]
    pub fn to_record(&self, credential: CredentialId) -> ContactBinding {
        let (facts, texts) = (&self.facts, self.texts());
        ContactBinding {
            credential,
            id: facts.id,
            generation: facts.generation,
            contact: texts.contact.into(),
            instance: texts.instance.into(),
            reg_id: facts.reg_id,
            path: texts.path.into(),
            q_thousandths: facts.q_thousandths,
            call_id: texts.call_id.into(),
            cseq: facts.cseq,
            user_agent: texts.user_agent.into(),
            transport: facts.transport,
            source: facts.source,
            local: facts.local,
            registered_at: facts.registered_at,
            expires_at: facts.expires_at,
        }
    }

    /// A binding read back from storage.
    #[must_use]
    pub fn from_record(record: &ContactBinding) -> Self {
        let facts = BindingFacts {
            id: record.id,
            expires_at: record.expires_at,
            registered_at: record.registered_at,
            source: record.source,
            local: record.local,
            cseq: record.cseq,
            generation: record.generation,
            reg_id: record.reg_id,
            q_thousandths: record.q_thousandths,
            transport: record.transport,
            connection: 0,
        };
        let texts = BindingTexts {
            contact: &record.contact,
            instance: &record.instance,
            path: &record.path,
            call_id: &record.call_id,
            user_agent: &record.user_agent,
        };
        Self { stored: Stored::Yes, ..Self::new(facts, texts) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ContactBinding {
        ContactBinding {
            credential: CredentialId::from_bytes([7; 16]),
            id: BindingId(9),
            generation: 2,
            contact: b"sip:alice@192.0.2.1:5060"[..].into(),
            instance: b""[..].into(),
            reg_id: 1,
            path: b"<sip:p1.example>"[..].into(),
            q_thousandths: 700,
            call_id: b"call"[..].into(),
            cseq: 3,
            user_agent: b"phone/1 \xff"[..].into(),
            transport: SignallingTransport::Tcp,
            source: "192.0.2.1:40000".parse().unwrap(),
            local: "[2001:db8::1]:5060".parse().unwrap(),
            registered_at: Timestamp::from_seconds(1),
            expires_at: Timestamp::from_seconds(2),
        }
    }

    #[test]
    fn records_round_trip() {
        let record = record();
        let live = LiveBinding::from_record(&record);
        assert_eq!(live.stored, Stored::Yes);
        assert_eq!(live.to_record(record.credential), record);
    }

    #[test]
    fn only_a_change_of_end_and_sequence_is_a_mere_refresh() {
        let record = record();
        let fresh = LiveBinding::from_record(&record);
        let refreshed = |change: &dyn Fn(&mut BindingFacts, &mut BindingTexts<'_>)| {
            let (mut live, copy) = (fresh.clone(), fresh.clone());
            let (mut facts, mut texts) = (copy.facts, copy.texts());
            (facts.expires_at, facts.cseq, facts.connection) = (Timestamp::from_seconds(9), 4, 77);
            (facts.id, facts.registered_at) = (BindingId(10), Timestamp::from_seconds(5));
            change(&mut facts, &mut texts);
            live.refresh(facts, texts);
            assert_eq!((live.facts.id, live.facts.registered_at), (fresh.facts.id, fresh.facts.registered_at));
            live
        };
        let mut live = refreshed(&|_, _| {});
        assert_eq!(live.stored, Stored::ButForRefresh);
        let (facts, copy) = (live.facts, live.clone());
        live.refresh(facts, copy.texts());
        assert_eq!(live.stored, Stored::ButForRefresh, "the second refresh before storage has the first");
        live.stored = Stored::No;
        live.refresh(facts, copy.texts());
        assert_eq!(live.stored, Stored::No, "what storage never had");
        for change in [
            (|facts, _| facts.generation = 3) as fn(&mut BindingFacts, &mut BindingTexts<'_>),
            |facts, _| facts.source.set_port(1),
            |facts, _| facts.local.set_port(1),
            |facts, _| facts.transport = SignallingTransport::Tls,
            |facts, _| facts.q_thousandths = 1,
            |facts, _| facts.reg_id = 2,
            |_, texts| texts.call_id = b"other",
            |_, texts| texts.user_agent = b"phone/2",
            |_, texts| texts.path = b"",
        ] {
            assert_eq!(refreshed(&change).stored, Stored::No);
        }
    }

    #[test]
    fn oversized_texts_are_cut_not_misread() {
        let mut record = record();
        record.user_agent = vec![b'u'; 70_000].into();
        let live = LiveBinding::from_record(&record);
        assert_eq!(live.texts().contact, &*record.contact);
        assert_eq!(live.texts().call_id, b"call");
        assert!(live.texts().user_agent.len() < 65_536);
    }
}
