//! What a process asked of the kernel, as `strace` records it, and whether it kept its word about the disk.

use std::collections::HashMap;

/// The words that run a program under `strace`, the program staying a child of whoever runs them.
#[must_use]
pub fn launcher(record: &str) -> [&str; 11] {
    const CALLS: &str = "trace=read,readv,recvfrom,recvmsg,recvmmsg,write,writev,sendto,sendmsg,sendmmsg,pwrite64,\
         pwritev,fsync,fdatasync";
    ["strace", "-D", "-f", "-q", "-y", "-s", "2048", "-e", CALLS, "-o", record]
}

/// One thing that happened, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    /// Octets had come in.
    Received(String),
    /// The database's log had been written to.
    LogWritten,
    /// Syncing the log began.
    SyncBegun,
    /// Syncing the log had succeeded.
    Synced,
    /// Octets began to go out.
    Sent(String),
}

/// A record of `strace -f -y`, in order.
#[derive(Debug)]
pub struct SyscallTrace {
    moments: Vec<Moment>,
}

impl SyscallTrace {
    /// Reads a record.
    #[must_use]
    pub fn parse(record: &str) -> Self {
        let mut moments = Vec::new();
        // A call that another thread's interrupts in the record goes on in a later line of its own thread.
        let mut begun: HashMap<&str, &str> = HashMap::new();
        for line in record.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim_start();
            if let Some((_, outcome)) = rest.split_once(" resumed>").filter(|_| rest.starts_with("<... ")) {
                let beginning = begun.remove(thread).unwrap_or_default();
                moments.extend(ended(&format!("{beginning}{outcome}")));
            } else if let Some(beginning) = rest.strip_suffix("<unfinished ...>") {
                begun.insert(thread, beginning);
                moments.extend(began(beginning));
            } else {
                moments.extend(began(rest));
                moments.extend(ended(rest));
            }
        }
        Self { moments }
    }

    /// Whether, between the receipt of what contains all of `request` and the sending of what contains `answer`, the
    /// database's log was written, and all that was written to it was synced.
    ///
    /// # Errors
    /// What was not so.
    pub fn synced_before(&self, request: &[&str], answer: &str) -> Result<(), &'static str> {
        let is_request = |moment: &Moment| match moment {
            Moment::Received(text) => request.iter().all(|part| text.contains(part)),
            _ => false,
        };
        let received = self.moments.iter().position(is_request).ok_or("the request never came in")?;
        let after = &self.moments[received..];
        let is_answer = |moment: &Moment| matches!(moment, Moment::Sent(text) if text.contains(answer));
        let before = &after[..after.iter().position(is_answer).ok_or("the answer never went out")?];
        let written = before.iter().rposition(|moment| *moment == Moment::LogWritten);
        let rest = &before[written.ok_or("nothing was written before the answer")?..];
        let begun = rest.iter().position(|moment| *moment == Moment::SyncBegun);
        let rest = &rest[begun.ok_or("what was written was not synced before the answer")?..];
        let synced = rest.contains(&Moment::Synced);
        synced.then_some(()).ok_or("the answer went out before the sync had succeeded")
    }
}

fn began(call: &str) -> Option<Moment> {
    match name(call) {
        "write" | "writev" | "sendto" | "sendmsg" | "sendmmsg" => Some(Moment::Sent(call.to_owned())),
        "fsync" | "fdatasync" if is_log(call) => Some(Moment::SyncBegun),
        _ => None,
    }
}

fn ended(call: &str) -> Option<Moment> {
    match name(call) {
        "read" | "readv" | "recvfrom" | "recvmsg" | "recvmmsg" => Some(Moment::Received(call.to_owned())),
        "pwrite64" | "pwritev" | "write" if is_log(call) => Some(Moment::LogWritten),
        "fsync" | "fdatasync" if is_log(call) && call.ends_with("= 0") => Some(Moment::Synced),
        _ => None,
    }
}

fn name(call: &str) -> &str {
    call.split_once('(').map_or("", |(name, _)| name)
}

/// Whether the first argument is a descriptor of the database's write-ahead log, as `-y` shows it.
fn is_log(call: &str) -> bool {
    call.split_once('>').is_some_and(|(descriptor, _)| descriptor.ends_with("-wal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: &str = r#"10 recvfrom(9<socket:[1]>, "POST /api/v1 HTTP/1.1\r\n", 8192, 0, NULL, NULL) = 23"#;
    const WRITTEN: &str = r#"11 pwrite64(5</data/sipwarden.db-wal>, "\0"..., 4096, 56) = 4096"#;
    const SYNCED: &str = "11 fdatasync(5</data/sipwarden.db-wal>) = 0";
    const BEGUN: &str = "11 fdatasync(5</data/sipwarden.db-wal> <unfinished ...>";
    const ENDED: &str = "11 <... fdatasync resumed>)             = 0";
    const SENT: &str = r#"10 writev(9<socket:[1]>, [{iov_base="HTTP/1.1 201 Created\r\n", iov_len=22}], 1) = 22"#;

    fn judge(lines: &[&str]) -> Result<(), &'static str> {
        SyscallTrace::parse(&lines.join("\n")).synced_before(&["POST /api"], "HTTP/1.1 201")
    }

    #[test]
    fn an_answer_after_the_sync_is_right() {
        assert_eq!(judge(&[RECEIVED, WRITTEN, WRITTEN, SYNCED, SENT]), Ok(()));
        assert_eq!(judge(&[SYNCED, RECEIVED, WRITTEN, BEGUN, r#"12 write(2</log>, "x", 1) = 1"#, ENDED, SENT]), Ok(()));
        let split = r#"10 recvfrom(9<socket:[1]>,  <unfinished ...>"#;
        let resumed = r#"10 <... recvfrom resumed>"POST /api/v1 HTTP/1.1\r\n", 8192, 0, NULL, NULL) = 23"#;
        assert_eq!(judge(&[split, resumed, WRITTEN, SYNCED, SENT]), Ok(()));
    }

    #[test]
    fn an_answer_without_a_sync_is_wrong() {
        let unsynced = Err("what was written was not synced before the answer");
        assert_eq!(judge(&[RECEIVED, WRITTEN, SENT]), unsynced);
        assert_eq!(judge(&[RECEIVED, WRITTEN, SENT, SYNCED]), unsynced);
        assert_eq!(judge(&[RECEIVED, SYNCED, WRITTEN, SENT]), unsynced);
        assert_eq!(judge(&[RECEIVED, WRITTEN, SYNCED, WRITTEN, SENT]), unsynced);
        assert_eq!(judge(&[RECEIVED, WRITTEN, "11 fdatasync(6</data/sipwarden.db>) = 0", SENT]), unsynced);
        let unfinished = Err("the answer went out before the sync had succeeded");
        assert_eq!(judge(&[RECEIVED, WRITTEN, BEGUN, SENT, ENDED]), unfinished);
        let failed = "11 fdatasync(5</data/sipwarden.db-wal>) = -1 EIO (Input/output error)";
        assert_eq!(judge(&[RECEIVED, WRITTEN, failed, SENT]), unfinished);
        assert_eq!(judge(&[RECEIVED, SYNCED, SENT]), Err("nothing was written before the answer"));
        assert_eq!(judge(&[WRITTEN, SYNCED, RECEIVED, SENT]), Err("nothing was written before the answer"));
    }

    #[test]
    fn a_record_of_something_else_is_wrong() {
        assert_eq!(judge(&[WRITTEN, SYNCED, SENT]), Err("the request never came in"));
        assert_eq!(judge(&[SENT, RECEIVED, WRITTEN, SYNCED]), Err("the answer never went out"));
        assert_eq!(judge(&[""]), Err("the request never came in"));
    }
}
