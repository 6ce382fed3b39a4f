//! How hard a password is to guess, and whether that is enough for its account.
//!
//! zxcvbn tries every way to read symbols as letters, which takes it a second where many of them stand in one password: so
//! it is shown no more than [`JUDGED_CHARACTERS`] and [`LETTER_LIKE`] of them. It copies pieces of the password, which are
//! freed without being wiped; docs/security.md says so.

use crate::{AccountScope, Provisioning};
use domain::{Password, PasswordScore, Username};
use std::fmt::{self, Write as _};
use zeroize::Zeroizing;
use zxcvbn::feedback::Feedback;
use zxcvbn::{Entropy, zxcvbn};

/// Most characters that are judged. What is not guessed by then is not easy to guess.
const JUDGED_CHARACTERS: usize = 32;
/// Symbols that zxcvbn reads as letters (digits it does too, but those make words, dates and sequences).
const SYMBOLS: &str = "@({[<&#!/|$+%";
/// What stands for the later ones of them: symbols that it reads as nothing else.
const PLAIN_SYMBOLS: &str = "^*-_=~;:?>,.'";
/// Most different ones of them that are read as letters.
const LETTER_LIKE: usize = 3;

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

impl Provisioning {
    /// How hard a password is to guess that somebody is about to set; kept nowhere.
    ///
    /// # Errors
    /// [`WeakPassword`] if the account demands more.
    pub fn password_score(
        &self,
        scope: &AccountScope,
        username: Option<&Username>,
        password: &Password,
    ) -> Result<PasswordScore, WeakPassword> {
        let nobody = Username::from_stored("".into());
        rate(scope, username.unwrap_or(&nobody), password)
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
    let estimate = zxcvbn(&judged(password.expose_text()), &known);
    let score = PasswordScore::new(u8::from(estimate.score())).unwrap_or_default();
    let minimum = scope.settings().minimum_password_score;
    if score < minimum { Err(WeakPassword { score, minimum, advice: advice(&estimate) }) } else { Ok(score) }
}

/// The part that is judged: as hard to guess, but for readings of symbols that nobody would try first.
fn judged(password: &str) -> Zeroizing<String> {
    let mut kept: Vec<char> = Vec::with_capacity(LETTER_LIKE);
    let judged = |character: char| {
        let Some(place) = SYMBOLS.find(character).filter(|_| !kept.contains(&character)) else { return character };
        if kept.len() < LETTER_LIKE {
            kept.push(character);
            return character;
        }
        PLAIN_SYMBOLS.get(place..).and_then(|rest| rest.chars().next()).unwrap_or(character)
    };
    Zeroizing::new(password.chars().take(JUDGED_CHARACTERS).map(judged).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_bounded_and_words_stay_words() {
        for same in ["p@$$w0rd!", "correct horse", "1234567890", "pässwörd"] {
            assert_eq!(&*judged(same), same);
        }
        assert_eq!(&*judged("4@8({[<369&#!1/|0$5+7%2"), "4@8({_=369~;:1?>0,5.7'2");
        assert_eq!(judged(&"é".repeat(128)).chars().count(), JUDGED_CHARACTERS);
        assert_eq!((SYMBOLS.len(), PLAIN_SYMBOLS.len()), (13, 13));
    }
}
