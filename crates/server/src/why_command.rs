//! `sipwarden why`: over HTTP as an account, or over the control socket as whoever runs the installation.

use crate::api_client::ApiClient;
use crate::cli::Installation;
use crate::event_stream::{EventStream, Frame};
use crate::failure::Failure;
use crate::operator_client::{Ask, OperatorAnswer, OperatorClient};
use crate::operator_commands::segment;
use crate::phones::harmless_text;
use crate::why_cli::WhyOptions;
use bytes::Bytes;
use domain::CredentialId;
use serde_json::Value;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How long to wait before a stream that ended is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// Who is asked.
enum Source {
    Account(Box<ApiClient>),
    Operator(Box<OperatorClient>),
}

/// A stream as it comes.
enum Parts {
    Account(mpsc::Receiver<Bytes>),
    Operator(OperatorAnswer),
}

pub(crate) async fn run(options: WhyOptions) -> Result<(), Failure> {
    let mut source = Source::of(&options).await?;
    let of = options.account.as_deref().map(|account| format!("&account={}", segment(account))).unwrap_or_default();
    let mut explained = Vec::new();
    let mut filter = String::new();
    // What could be a username as well as a Call-ID is looked for as both.
    for name in names_of(options.whom.as_deref()) {
        let whom = options.whom.as_deref().map(segment).unwrap_or_default();
        filter = if name.is_empty() { of.clone() } else { format!("{of}&{name}={whom}") };
        explained = objects(source.ask(&format!("why?limit={}{filter}", options.limit)).await?)?;
        if !explained.is_empty() {
            break;
        }
    }
    if explained.is_empty() && !options.follow {
        say("Nobody who matches has tried to authenticate, as far as is kept.\n")?;
    }
    let cursor = explained.first().and_then(|newest| newest.pointer("/event/id")).and_then(Value::as_str);
    let cursor = cursor.unwrap_or_default().to_owned();
    if options.follow {
        // What follows stands below.
        explained.reverse();
    }
    for one in &explained {
        say(&printed(one, options.json))?;
    }
    if options.follow { follow(&mut source, (&filter, cursor), options.json).await } else { Ok(()) }
}

/// By which parameters something may be looked for, the likeliest last: it is the one to follow.
fn names_of(whom: Option<&str>) -> &'static [&'static str] {
    match whom {
        None => &[""],
        Some(whom) if whom.parse::<IpAddr>().is_ok() => &["source"],
        Some(whom) if CredentialId::parse(whom).is_some() => &["call_id", "credential_id"],
        Some(_) => &["call_id", "username"],
    }
}

async fn follow(source: &mut Source, (filter, mut cursor): (&str, String), json: bool) -> Result<(), Failure> {
    loop {
        let path = format!("auth-events/stream?{}", filter.trim_start_matches('&'));
        let mut parts = source.stream(&path, &cursor).await?;
        let mut stream = EventStream::default();
        while let Some(part) = parts.next().await? {
            for frame in stream.feed(&part) {
                match frame {
                    Frame { name, id, data } if name == "auth-event" => {
                        cursor = id;
                        let one = serde_json::from_str(&data).unwrap_or(Value::Null);
                        say(&printed(&one, json))?;
                    }
                    Frame { name, data, .. } if name == "missed" => {
                        let missed: Value = serde_json::from_str(&data).unwrap_or(Value::Null);
                        let count = missed.get("missed").and_then(Value::as_u64).unwrap_or_default();
                        eprintln!("sipwarden: {count} more came faster than they could be shown");
                    }
                    Frame { .. } => {}
                }
            }
        }
        eprintln!("sipwarden: the server ended the stream; asking again");
        sleep(AGAIN).await;
    }
}

fn objects(mut answer: Value) -> Result<Vec<Value>, Failure> {
    match answer.get_mut("objects").map(Value::take) {
        Some(Value::Array(objects)) => Ok(objects),
        _ => Err(Failure::Refused("the answer is not of this API".into())),
    }
}

/// When, what, and what mends it.
fn printed(explained: &Value, json: bool) -> String {
    if json {
        return format!("{explained}\n");
    }
    let text = |name: &str| explained.pointer(name).and_then(Value::as_str).map(harmless_text).unwrap_or_default();
    let (at, account) = (text("/event/at"), text("/event/account"));
    let whose = if account.is_empty() { String::new() } else { format!("[{account}] ") };
    let mend = match text("/mend") {
        mend if mend.is_empty() => String::new(),
        mend => format!("\n    mend: {mend}"),
    };
    let seconds = at.split('.').next().unwrap_or_default().replace('T', " ");
    format!("{seconds} UTC  {whose}{} ({}){mend}\n", text("/sentence"), text("/event/reason"))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(Failure::Output)
}

impl Source {
    async fn of(options: &WhyOptions) -> Result<Self, Failure> {
        if options.data_dir.is_some() {
            let installation = Installation {
                data_dir: options.data_dir.clone(),
                database_url: None,
                master_key_file: None,
                url: None,
                ca_file: None,
                json: options.json,
            };
            return OperatorClient::reach(installation).await.map(|client| Self::Operator(Box::new(client)));
        }
        let (Some(auth_id), Some(auth_token)) = (&options.auth_id, &options.auth_token) else {
            return Err(Failure::Refused("give --auth-id and --auth-token, or --data-dir".into()));
        };
        let client = ApiClient::new(&options.url, auth_id, auth_token).trusting(options.ca_file.clone());
        Ok(Self::Account(Box::new(client)))
    }

    async fn ask(&mut self, path: &str) -> Result<Value, Failure> {
        match self {
            Self::Account(client) => client.call("GET", path, None).await?.accepted(),
            Self::Operator(client) => client.ask(Ask { method: "GET", path, body: None }).await,
        }
    }

    async fn stream(&mut self, path: &str, cursor: &str) -> Result<Parts, Failure> {
        let path = format!("{path}&cursor={}", segment(cursor));
        match self {
            Self::Account(client) => client.stream(&path).await.map(Parts::Account),
            Self::Operator(client) => {
                client.send(Ask { method: "GET", path: &path, body: None }).await?.accepted().await.map(Parts::Operator)
            }
        }
    }
}

impl Parts {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Account(parts) => Ok(parts.recv().await),
            Self::Operator(answer) => answer.next().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_asked_for_is_told_by_its_form() {
        for (whom, expected) in [
            (None, &[""][..]),
            (Some("10.0.0.7"), &["source"]),
            (Some("2001:db8::7"), &["source"]),
            (Some("alice"), &["call_id", "username"]),
            (Some("aabbccdd-1234-5678-90ab-cdef12345678"), &["call_id", "credential_id"]),
        ] {
            assert_eq!(names_of(whom), expected);
        }
    }

    #[test]
    fn an_explanation_is_two_lines() {
        let event = json!({ "at": "2026-05-12T05:11:51.635106Z", "reason": "unknown_user" });
        let one = json!({ "sentence": "al\u{1b}ice did it", "mend": "undo it", "event": event });
        let expected = "2026-05-12 05:11:51 UTC  al\\u{1b}ice did it (unknown_user)\n    mend: undo it\n";
        assert_eq!(printed(&one, false), expected);
        let bare = json!({ "sentence": "s", "mend": null, "event": { "at": "x", "reason": "ok", "account": "MA_1" } });
        assert_eq!(printed(&bare, false), "x UTC  [MA_1] s (ok)\n");
    }
}
