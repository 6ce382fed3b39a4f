//! SIP messages found in the text that a phone printed or logged.

use crate::sip::Challenge;
use crate::sip::digest::parameters;

/// The messages of one run, in order, each once: a message printed twice or retransmitted is one message.
#[derive(Debug, Default)]
pub struct Trace {
    messages: Vec<String>,
}

impl Trace {
    /// Finds the messages: from a start line to the next empty line.
    #[must_use]
    pub fn read(output: &str) -> Self {
        let mut trace = Self::default();
        let mut lines = output.lines().map(|line| line.trim_end_matches('\r'));
        while let Some(line) = lines.next() {
            if !is_start_line(line) {
                continue;
            }
            let headers = lines.by_ref().take_while(|header| !header.trim().is_empty());
            let message = std::iter::once(line).chain(headers).collect::<Vec<_>>().join("\n");
            if !trace.messages.contains(&message) {
                trace.messages.push(message);
            }
        }
        trace
    }

    /// The status codes received, in order.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.messages.iter().filter_map(|message| message.strip_prefix("SIP/2.0 "));
        responses.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
    }

    /// The REGISTER requests sent, in order.
    #[must_use]
    pub fn registers(&self) -> Vec<&str> {
        self.messages.iter().map(String::as_str).filter(|message| message.starts_with("REGISTER ")).collect()
    }

    /// The challenges received, in order.
    #[must_use]
    pub fn challenges(&self) -> Vec<Challenge> {
        self.header_values("www-authenticate").iter().map(|value| Challenge::parse(value)).collect()
    }

    /// The parameters of each Authorization sent, in order.
    #[must_use]
    pub fn authorizations(&self) -> Vec<Authorization> {
        self.header_values("authorization").iter().map(|value| Authorization(parameters(value))).collect()
    }

    /// The 200s to REGISTER, in order.
    #[must_use]
    pub fn accepted_registers(&self) -> Vec<&str> {
        let is_register = |message: &&str| message.lines().any(is_cseq_of_register);
        self.responses().into_iter().filter(|message| message.starts_with("SIP/2.0 200")).filter(is_register).collect()
    }

    /// The responses received, in order.
    #[must_use]
    pub fn responses(&self) -> Vec<&str> {
        self.messages.iter().map(String::as_str).filter(|message| message.starts_with("SIP/2.0 ")).collect()
    }

    fn header_values(&self, name: &str) -> Vec<String> {
        let lines = self.messages.iter().flat_map(|message| message.lines());
        let headers = lines.filter_map(|line| line.split_once(':'));
        headers.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).collect()
    }
}

/// The parameters of one Authorization header.
#[derive(Debug)]
pub struct Authorization(Vec<(String, String)>);

impl Authorization {
    /// A parameter's value; empty when it is not there.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

fn is_cseq_of_register(line: &str) -> bool {
    let header = line.split_once(':');
    header.is_some_and(|(name, value)| name.trim().eq_ignore_ascii_case("cseq") && value.trim().ends_with(" REGISTER"))
}

fn is_start_line(line: &str) -> bool {
    let is_request = line.starts_with("REGISTER sip:") && line.ends_with(" SIP/2.0");
    let is_response = line
        .strip_prefix("SIP/2.0 ")
        .and_then(|rest| rest.get(..3))
        .is_some_and(|code| code.bytes().all(|octet| octet.is_ascii_digit()));
    is_request || is_response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_once_each_between_other_text() {
        let output = "log\nREGISTER sip:a SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\nREGISTER sip:a SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\n\
                      received:\nSIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\r\nx\n\
                      REGISTER sip:a SIP/2.0\r\nAuthorization:  Digest nc=00000001,qop=auth,uri=\"sip:a\"\r\n\r\n";
        let trace = Trace::read(output);
        assert_eq!(trace.statuses(), [401]);
        assert_eq!(trace.registers().len(), 2);
        assert_eq!(trace.challenges()[0].nonce, "n");
        let authorization = &trace.authorizations()[0];
        assert_eq!(["nc", "uri", "opaque"].map(|name| authorization.parameter(name)), ["00000001", "sip:a", ""]);
    }
}
