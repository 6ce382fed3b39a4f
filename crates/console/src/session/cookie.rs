//! The cookie that carries a session's name.

use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use zeroize::Zeroizing;

/// Over HTTPS: browsers take a cookie of this prefix from this very host only, and never send it in the clear.
const SECURE: &str = "__Host-sipwarden";
/// In the clear, for a browser on the same machine.
const PLAIN: &str = "sipwarden";

/// The name and flags of the cookie on this connection.
#[derive(Clone, Copy)]
pub(crate) struct SessionCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// On a connection that nobody can read along on, or on another.
    pub const fn on(is_secure: bool) -> Self {
        Self { is_secure }
    }

    /// Whether the browser sent one that it sends over HTTPS only: so that is how it reaches us.
    pub fn is_sent_securely(parts: &Parts) -> bool {
        let headers = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies =
            headers.flat_map(|header| header.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        cookies.any(|(name, _)| name == SECURE)
    }

    /// What the browser sent: of two, the one that cannot have come in the clear.
    pub fn sent(parts: &Parts) -> Option<Zeroizing<String>> {
        let headers = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies: Vec<(&str, &str)> =
            headers.flat_map(|header| header.split(';')).filter_map(|cookie| cookie.trim().split_once('=')).collect();
        let find = |wanted: &str| cookies.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        find(SECURE).or_else(|| find(PLAIN)).map(|value| Zeroizing::new(value.to_owned()))
    }

    /// Sets it for as long as the browser runs; the server ends it sooner.
    pub fn set(self, value: &str) -> Option<HeaderValue> {
        let mut header = HeaderValue::try_from(format!("{}={value}; {}", self.name(), self.flags())).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Takes it away.
    pub fn cleared(self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("{}=; Max-Age=0; {}", self.name(), self.flags())).ok()
    }

    const fn name(self) -> &'static str {
        if self.is_secure { SECURE } else { PLAIN }
    }

    /// Lax, so that a link to a page here works: what changes anything is a POST, and those are checked besides.
    const fn flags(self) -> &'static str {
        if self.is_secure { "Path=/; HttpOnly; SameSite=Lax; Secure" } else { "Path=/; HttpOnly; SameSite=Lax" }
    }
}
