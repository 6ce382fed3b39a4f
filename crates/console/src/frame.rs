//! What stands around every page: who is signed in, where one is, and where one can go.

use crate::assets::ASSETS;
use crate::headers::HTML;
use crate::refusal::Refusal;
use askama::Template;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Around a page that needs nobody signed in.
pub(crate) struct PlainFrame {
    pub title: String,
}

/// Around the pages of whoever is signed in.
pub(crate) struct Frame {
    pub title: String,
    pub section: Section,
    /// What every form carries.
    pub form_token: String,
    /// Whose token it is, for the corner of the page.
    pub person: String,
    /// Whether operator pages are there.
    pub is_operator: bool,
    /// The account that the page is about.
    pub account: Option<AccountFrame>,
    /// What was done just now.
    pub notice: Option<&'static str>,
}

/// The account that a page is about, and what may be done to it.
#[derive(Clone)]
pub(crate) struct AccountFrame {
    pub auth_id: String,
    pub name: String,
    pub may_read: bool,
    pub may_write: bool,
    pub may_write_credentials: bool,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Credentials,
    Attempts,
    Phones,
    DeskPhones,
    Trunks,
    Numbers,
    Calls,
    Bans,
    AuditLog,
    Tokens,
    Settings,
    TryIt,
    Operator,
}

/// One link of the navigation.
pub(crate) struct Place {
    pub href: String,
    pub name: &'static str,
    pub is_here: bool,
}

impl Frame {
    pub fn base(&self) -> String {
        self.account.as_ref().map(|account| format!("/console/{}", account.auth_id)).unwrap_or_default()
    }

    pub fn auth_id(&self) -> &str {
        self.account.as_ref().map(|account| account.auth_id.as_str()).unwrap_or_default()
    }

    pub fn may_write(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.may_write)
    }

    /// Where one can go: what the token may not read is not offered.
    pub fn places(&self) -> Vec<Place> {
        let Some(account) = &self.account else { return self.operator_places() };
        let base = self.base();
        let all = [
            (Section::Overview, "Overview", "", true),
            (Section::Credentials, "Credentials", "/credentials", true),
            (Section::Attempts, "Live attempts", "/attempts", true),
            (Section::Phones, "Phones online", "/phones", true),
            (Section::DeskPhones, "Desk phones", "/desk-phones", account.may_write_credentials),
            (Section::Trunks, "Trunks", "/trunks", account.may_read),
            (Section::Numbers, "Numbers", "/numbers", account.may_read),
            (Section::Calls, "Calls", "/calls", account.may_read),
            (Section::Bans, "Bans", "/bans", true),
            (Section::AuditLog, "Audit log", "/audit-log", account.may_read),
            (Section::Tokens, "API tokens", "/tokens", account.may_read),
            (Section::Settings, "Settings", "/settings", account.may_read),
            (Section::TryIt, "Try it here", "/try-it", true),
        ];
        let offered = all.into_iter().filter(|(_, _, _, is_offered)| *is_offered);
        let place =
            |(section, name, path, _)| Place { href: format!("{base}{path}"), name, is_here: section == self.section };
        offered.map(place).collect()
    }
}

impl Frame {
    /// Where whoever runs the installation can go.
    fn operator_places(&self) -> Vec<Place> {
        let all = [
            ("Accounts", "/console/operator", "Accounts"),
            ("Realms", "/console/operator/realms", "Realms"),
            ("Nodes", "/console/operator/nodes", "Nodes"),
            ("Bans", "/console/operator/bans", "Bans of everybody"),
            ("Audit log", "/console/operator/audit-log", "Audit log of everything"),
        ];
        let place = |(name, path, title): (&'static str, &str, &str)| Place {
            href: path.to_owned(),
            name,
            is_here: self.section == Section::Operator && self.title == title,
        };
        all.map(place).into()
    }
}

/// What the layouts ask of either frame.
pub(crate) trait Layout {
    fn title(&self) -> &str;

    fn style(&self) -> &'static str {
        &ASSETS.style.path
    }

    fn script(&self) -> &'static str {
        &ASSETS.script.path
    }

    fn htmx(&self) -> &'static str {
        &ASSETS.htmx.path
    }

    fn icon(&self) -> &'static str {
        &ASSETS.icon.path
    }
}

impl PlainFrame {
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned() }
    }
}

impl Layout for PlainFrame {
    fn title(&self) -> &str {
        &self.title
    }
}

impl Layout for Frame {
    fn title(&self) -> &str {
        &self.title
    }
}

/// A page as it is answered.
pub(crate) fn page(template: &impl Template) -> Result<Response, Refusal> {
    page_of_status(StatusCode::OK, template)
}

/// The same with another status: a form that was not taken is shown again.
pub(crate) fn page_of_status(status: StatusCode, template: &impl Template) -> Result<Response, Refusal> {
    let body = template.render().map_err(|_| Refusal::Unprintable)?;
    Ok((status, [(CONTENT_TYPE, HTML)], body).into_response())
}

/// Leads the browser on after a form, so that reloading sends nothing again.
pub(crate) fn see_other(path: &str) -> Result<Response, Refusal> {
    let location = HeaderValue::try_from(path).map_err(|_| Refusal::Unprintable)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
