//! How hard a password is to guess, and whether that is enough for its account.
//!
//! zxcvbn looks at the first hundred characters, so its work is bounded. It copies pieces of the password, which are
//! freed without being wiped; docs/security.md says so.

use crate::AccountScope;
use domain::{Password, PasswordScore, Username};
use std::fmt::{self, Write as _};
use zxcvbn::feedback::Feedback;
use zxcvbn::{Entropy, zxcvbn};

/// A password that is easier to guess than its account allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeakPassword {
    score: PasswordScore,
    minimum: PasswordScore,
    advice: Box<str>,
}

/// Continues a sentence that starts with the field's name, and never quotes the password.
impl fmt::Display for WeakPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { score, minimum, advice } = self;
        write!(f, "is too easy to guess: it scores {score} of 4, and the account demands {minimum}. {advice}")
    }
}

/// Scores a password as somebody would guess it who knows username, account and realm.
///
/// # Errors
/// [`WeakPassword`] if the account demands more.
pub(crate) fn rate(
    scope: &AccountScope,
    username: &Username,
    password: &Password,
) -> Result<PasswordScore, WeakPassword> {
    let known = [username.as_str(), scope.account_name(), scope.auth_id().as_str(), scope.realm_name().as_str()];
    let estimate = zxcvbn(password.expose_text(), &known);
    let score = PasswordScore::new(u8::from(estimate.score())).unwrap_or_default();
    let minimum = scope.settings().minimum_password_score;
    if score < minimum { Err(WeakPassword { score, minimum, advice: advice(&estimate) }) } else { Ok(score) }
}

/// What is wrong with it, where that is known, and what to do.
fn advice(estimate: &Entropy) -> Box<str> {
    let mut text = String::new();
    if let Some(warning) = estimate.feedback().and_then(Feedback::warning) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{warning} ");
    }
    match estimate.feedback().map(Feedback::suggestions) {
        Some([first, ..]) => {
            let _ = write!(text, "{first}");
        }
        _ => text.push_str("Add another word or two."),
    }
    text.into()
}
