//! What is answered is on disk before the answer leaves: shown by the system calls of the server.

use acceptance::bounded::wait_for;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Server, SyscallTrace, syscall_trace};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const USERNAME: &str = "lasting_phone";
const PASSWORD: &str = "Correct!Horse7";
/// A new binding is written behind within a second; it must not be taken for the removal that follows.
const WRITTEN_BEHIND: Duration = Duration::from_millis(1500);
const RECORD_LIMIT: Duration = Duration::from_secs(10);

fn recorded_server() -> (Server, PathBuf) {
    let strace = Command::new("strace").arg("--version").stdout(Stdio::null()).status();
    assert!(strace.is_ok_and(|status| status.success()), "strace is missing; install it: apt-get install strace");
    let mut server = Server::not_started();
    let record = server.scratch().join("strace.out");
    server.run_under(&syscall_trace::launcher(record.to_str().expect("a path in UTF-8")));
    server.start_again();
    (server, record)
}

/// Stops the server and reads what was recorded of it, to the end.
fn trace(server: &mut Server, record: &PathBuf) -> SyscallTrace {
    let ended = server.stop();
    assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}");
    let whole = wait_for("the end of the record", RECORD_LIMIT, || {
        let text = String::from_utf8_lossy(&fs::read(record).ok()?).into_owned();
        text.trim_end().ends_with("+++ exited with 0 +++").then_some(text)
    });
    SyscallTrace::parse(&whole)
}

#[test]
fn a_created_credential_is_synced_before_the_201_leaves() {
    let (mut server, record) = recorded_server();
    let account = server.account("synced");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let trace = trace(&mut server, &record);
    assert_eq!(trace.synced_before(&["POST /api/v1/Account/"], "HTTP/1.1 201"), Ok(()));
}

#[test]
fn a_removed_registration_is_synced_before_the_200_leaves() {
    for transport in Transport::ALL {
        let (mut server, record) = recorded_server();
        let account = server.account("synced");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let mut phone = HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, PASSWORD);
        assert_eq!(phone.register(600).contacts().len(), 1);
        thread::sleep(WRITTEN_BEHIND);
        let gone = phone.register(0);
        assert_eq!((gone.status, gone.contacts().len()), (200, 0), "{}", gone.text);
        let trace = trace(&mut server, &record);
        let removal = ["REGISTER sip:", "Authorization: Digest", "Expires: 0"];
        assert_eq!(trace.synced_before(&removal, "SIP/2.0 200"), Ok(()), "over {}", transport.name());
    }
}
