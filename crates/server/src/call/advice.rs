//! Why a test call counts as failed, in a sentence that says what to do.

use crate::call_cli::CallOptions;
use sip_user_agent::{CallEnd, CallReport, Heard, UserAgentError};

/// What has to come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// The tone itself: whoever was called is an echo.
    OwnTone,
    /// Anything that is not silence: whoever was called may say what they like.
    AnySound,
}

/// Good, or why not.
pub(super) fn verdict(report: &CallReport, expected: Expected, options: &CallOptions, to: &str) -> Result<(), String> {
    let heard = report.media.map(|media| media.heard);
    match (&report.end, heard) {
        (CallEnd::HungUp | CallEnd::PeerHungUp, Some(heard)) => of_sound(heard, expected, to),
        (CallEnd::HungUp | CallEnd::PeerHungUp, None) => Err(format!("{to} hung up before it answered; call again")),
        (CallEnd::ByeUnanswered(None), _) => {
            Err(format!("{to} did not answer the BYE; look whether the server still knows the call"))
        }
        (CallEnd::ByeUnanswered(Some(status)), _) => {
            Err(format!("the BYE was refused with {status}; look whether the server still knows the call"))
        }
        (CallEnd::Refused { status, reason }, _) => Err(of_status(*status, reason, options, to)),
        (CallEnd::TimedOut, _) => Err(unanswered(options)),
        (CallEnd::NotAnswered, _) => Err(format!(
            "{to} did not answer within {} seconds; look whether it is registered, or let it ring longer with --ring",
            options.ring
        )),
        (CallEnd::NoAcceptableChallenge, _) => Err(
            "the server asks for a digest that is neither SHA-512-256, SHA-256 nor MD5; let its realm offer one of those"
                .to_owned(),
        ),
        (CallEnd::NoCommonMedia(problem), _) => Err(format!(
            "{to} answered, but not with audio in PCMU or PCMA ({problem}); allow one of those there"
        )),
        (CallEnd::TransportFailed(problem), _) => Err(failed(problem, options)),
    }
}

fn of_sound(heard: Heard, expected: Expected, to: &str) -> Result<(), String> {
    match (heard, expected) {
        (Heard::Tone, _) | (Heard::OtherSound, Expected::AnySound) => Ok(()),
        (Heard::OtherSound, Expected::OwnTone) => Err(format!(
            "what came back from {to} is not the tone that was sent; look what changes the audio on its way"
        )),
        (Heard::Silence, _) => {
            Err(format!("{to} answered, but only silence came back; look whether it is on hold or muted"))
        }
        (Heard::Nothing, _) => Err(format!(
            "{to} answered, but no audio came back; let UDP through to the media ports of the other side, and look which \
             address its answer names for media"
        )),
    }
}

fn of_status(status: u16, reason: &str, options: &CallOptions, to: &str) -> String {
    let CallOptions { username, domain, .. } = options;
    let what = format!("{to} was refused with {status} {reason}");
    match status {
        401 | 407 => format!(
            "the server did not accept the password of {username} at {domain}; correct --username, --domain or the password, \
             and look whether the credential is enabled"
        ),
        403 => format!("{what}; look what the trunk's rules let {username} call"),
        404 | 410 => format!("{what}; nobody is reached there, correct --to"),
        408 | 480 | 487 => format!("{what}; look whether it is registered, and whether a limit of calls is reached"),
        486 | 600 | 603 => format!("{what}; call again later"),
        488 | 606 => format!("{what}; allow PCMU or PCMA over plain RTP there"),
        405 | 501 => format!("{what}; the server places no calls, name another with --server"),
        300..=399 => format!("{what}; call the address it names instead, with --to"),
        500.. => format!("{what}; look into the log of the server, and of the gateway it calls through"),
        _ => format!("{what}; look into the log of the server"),
    }
}

fn unanswered(options: &CallOptions) -> String {
    let (server, transport) = (&options.server, options.transport.as_str());
    format!(
        "no answer from {server} over {transport}; look whether the server listens there, whether a firewall lets {transport} \
         through, or choose another --transport"
    )
}

fn failed(problem: &str, options: &CallOptions) -> String {
    let (server, transport) = (&options.server, options.transport.as_str());
    format!(
        "{server} cannot be reached over {transport} ({problem}); look whether the server listens there, or correct --server"
    )
}

/// Why there was not even a socket.
pub(super) fn of_opening(error: &UserAgentError, options: &CallOptions) -> String {
    match error {
        UserAgentError::InvalidUsername | UserAgentError::InvalidDomain | UserAgentError::InvalidTarget => {
            format!("{error}; correct --username, --domain or --to")
        }
        UserAgentError::Bind(problem) => format!("{error} ({problem}); raise the limit of open files"),
        UserAgentError::Connect(problem) => failed(&problem.to_string(), options),
        UserAgentError::ConnectTimedOut => unanswered(options),
        UserAgentError::Untrusted(refusal) => format!(
            "{} is not believed: {refusal}; name the authority that signed its certificate with --ca-file, and the host it is \
             for in --server",
            options.server
        ),
    }
}
