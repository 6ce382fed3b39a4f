//! Somebody who is signed in to the console, without a browser: pages as text, forms as they are sent.

use crate::{Account, Answer, Api, Server};

/// The type of forms.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Somebody who is signed in.
pub struct ConsoleSession {
    /// Sends without the account's token.
    pub api: Api,
    /// The session's cookie, as a browser would send it.
    pub cookie: String,
    /// Where the account's pages begin.
    pub base: String,
}

fn encoded(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02x}")).collect()
}

/// A form's body.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&").into_bytes()
}

/// Sends the form of the sign-in page.
#[must_use]
pub fn sign_in(server: &Server, account: &Account, headers: &[(&str, &str)]) -> Answer {
    let body = form(&[("auth_id", &account.auth_id), ("auth_token", &account.auth_token)]);
    server.api(account).send_as("POST", "/sign-in", &[&[FORM], headers].concat(), &body)
}

impl ConsoleSession {
    /// Signs in.
    ///
    /// # Panics
    /// When that is refused.
    #[must_use]
    pub fn new(server: &Server, account: &Account) -> Self {
        let answer = sign_in(server, account, &[]);
        assert_eq!(answer.status, 303, "{}", answer.shown());
        let cookie = answer.header("set-cookie").expect("a cookie").split(';').next().expect("a value").to_owned();
        Self { api: server.api(account), cookie, base: format!("/console/{}", account.auth_id) }
    }

    /// What that path is answered with.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.api.send_as("GET", path, &[("Cookie", &self.cookie)], b"")
    }

    /// The page of that path.
    ///
    /// # Panics
    /// When it is refused.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.shown());
        String::from_utf8(answer.body).expect("UTF-8")
    }

    /// What every form of the session carries.
    ///
    /// # Panics
    /// When nobody is signed in any more.
    #[must_use]
    pub fn form_token(&self) -> String {
        let page = self.page(&self.base);
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").expect("a form");
        rest.split('"').next().expect("a token").to_owned()
    }

    /// Sends a form.
    #[must_use]
    pub fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        self.api.send_as("POST", path, &[&[("Cookie", self.cookie.as_str()), FORM], headers].concat(), &form(fields))
    }

    /// Sends a form of an account's page with the session's token, as a browser does.
    ///
    /// # Panics
    /// When nobody is signed in any more.
    #[must_use]
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        self.post(&format!("{}{path}", self.base), &[], &fields)
    }

    /// Whether the session goes on.
    ///
    /// # Panics
    /// When the account's page is answered otherwise.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        let answer = self.get(&self.base);
        assert!(matches!(answer.status, 200 | 303), "{}", answer.shown());
        answer.status == 200
    }
}
