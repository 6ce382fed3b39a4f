//! Server-sent events as they come (WHATWG HTML), read into what they say.

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

/// What has come of an event that is not whole yet.
#[derive(Default)]
pub(crate) struct EventStream {
    octets: Vec<u8>,
    frame: Frame,
}

impl EventStream {
    /// Takes what came, wherever it was cut, and gives the events that are whole.
    pub(crate) fn feed(&mut self, part: &[u8]) -> Vec<Frame> {
        self.octets.extend_from_slice(part);
        let mut frames = Vec::new();
        while let Some(end) = self.octets.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = self.octets.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let frame = std::mem::take(&mut self.frame);
                frames.extend(Some(frame).filter(|frame| !frame.data.is_empty()));
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.frame.name),
                "id" => value.clone_into(&mut self.frame.id),
                "data" if self.frame.data.is_empty() => value.clone_into(&mut self.frame.data),
                "data" => self.frame.data.push_str(&format!("\n{value}")),
                _ => {}
            }
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_wherever_they_are_cut() {
        let text = "retry: 2000\n\n:\n\nevent: auth-event\nid: 7\ndata: {\"a\":\ndata: 1}\n\nevent: missed\r\ndata:{}\r\n\r\nid: 9\n";
        let frame = |name: &str, id: &str, data: &str| Frame { name: name.into(), id: id.into(), data: data.into() };
        let expected = [frame("auth-event", "7", "{\"a\":\n1}"), frame("missed", "", "{}")];
        for size in 1..text.len() {
            let mut stream = EventStream::default();
            let frames: Vec<_> = text.as_bytes().chunks(size).flat_map(|part| stream.feed(part)).collect();
            assert_eq!(frames, expected, "{size}");
        }
    }
}
