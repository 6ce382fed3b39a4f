//! Where a new password comes from. Never the command line: others on the machine can read that.

use crate::cli::NewPassword;
use crate::failure::Failure;
use crate::system::SystemRandom;
use domain::GeneratedPassword;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Far above the longest password allowed.
const MAX_STDIN_OCTETS: u64 = 4_096;

/// Makes a password or reads one line from standard input.
pub(crate) fn obtain(new: &NewPassword) -> Result<Zeroizing<String>, Failure> {
    if new.generate {
        Ok(Zeroizing::new(GeneratedPassword::draw(&SystemRandom).as_str().to_owned()))
    } else {
        read_line()
    }
}

/// Reads one line from standard input.
pub(crate) fn read_line() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let unreadable = |_| Failure::Refused("the password on standard input cannot be read; send it as UTF-8".into());
    std::io::stdin().take(MAX_STDIN_OCTETS).read_to_string(&mut text).map_err(unreadable)?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Zeroizing::new(line.to_owned()))
}
