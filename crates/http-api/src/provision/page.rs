//! The pages: plain HTML that works without scripts.

use super::phone::Reach;
use crate::html::Html;
use crate::moment::Moment;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use domain::PhoneFormat;
use phone_provisioning::Configuration;
use provisioning::{LinkSeen, LinkSpent, limits};
use qrcode::QrCode;
use qrcode::render::svg;

const STYLE: &str = include_str!("style.css");
/// Where it is served.
const STYLE_PATH: &str = "/provision/style.css";

/// The stylesheet, the only thing that a page loads.
pub(super) async fn style() -> ([(HeaderName, HeaderValue); 1], &'static str) {
    ([(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE)
}

/// What a link is, before it is spent.
pub(super) fn offer(seen: &LinkSeen, transports: &[&'static str]) -> String {
    let mut html = begun("Set up a phone");
    html.element("h1", "Set up a phone");
    html.markup("<p>This link sets up one phone or app, called ").element("strong", &seen.label);
    html.markup(", and works once, until ").text(Moment::from(seen.expires_at).as_str()).markup(".</p>");
    html.markup("<form method=\"post\"><fieldset><legend>Phone or app</legend><label>Kind <select name=\"format\">");
    if seen.format.is_none() {
        html.markup("<option value=\"\">Another: show me what to type</option>");
    }
    let offered = PhoneFormat::ALL.into_iter().filter(|format| seen.format.is_none_or(|only| only == *format));
    for format in offered {
        html.open("option", &[("value", format.as_str())]).text(format.product()).close("option");
    }
    html.markup("</select></label><label>Transport <select name=\"transport\"><option value=\"\">The best</option>");
    for transport in ["tls", "tcp", "udp"].into_iter().filter(|name| transports.contains(name)) {
        html.open("option", &[("value", transport)]).text(transport.to_uppercase()).close("option");
    }
    html.markup("</select></label></fieldset>");
    html.markup("<p><button name=\"delivery\" value=\"page\">Show what to type</button>");
    html.markup("<button name=\"delivery\" value=\"file\">Download the configuration</button>");
    if seen.format.is_some() {
        html.markup("<button name=\"delivery\" value=\"fetch\">Let the app fetch it</button>");
    }
    html.markup("</p></form><p>Each of these uses the link up. Nothing was used by opening this page.</p>");
    ended(html)
}

/// A link that was opened for an app: the address, and the same to be scanned.
pub(super) fn opened(url: &str) -> String {
    let mut html = begun("Let the app fetch it");
    html.element("h1", "Let the app fetch it");
    html.markup(
        "<p>Scan this with the app, or enter it as the address of its remote configuration. It works once, within ",
    );
    html.text(limits::OPENED_LINK_SECONDS / 60).markup(" minutes; do not send it on.</p>");
    html.qr_code(url).markup("<pre>").text(url).markup("</pre>");
    ended(html)
}

/// Everything to type or to copy.
pub(super) fn values(spent: &LinkSpent, reach: &Reach, configuration: Option<&Configuration>) -> String {
    let mut html = begun("Type this into the phone");
    html.element("h1", "Type this into the phone");
    html.markup("<p>It is shown this once. The password is this device's own; lost, it is revoked alone.</p><dl>");
    for (name, value) in [
        ("Server, proxy", reach.to_text()),
        ("Transport", reach.transport().as_str().to_uppercase()),
        ("Domain", spent.domain.to_string()),
        ("Username", spent.username.to_string()),
        ("Authentication name", spent.username.to_string()),
        ("Realm, if it asks", spent.realm.to_string()),
    ] {
        html.element("dt", name).element("dd", value);
    }
    html.element("dt", "Password").element("dd", spent.created.password.as_str());
    html.markup("</dl>");
    if let Some(configuration) = configuration {
        html.element("h2", format!("The same as a file: {}", configuration.file_name));
        html.markup("<pre>").text(&*configuration.text).markup("</pre>");
    }
    ended(html)
}

impl Html {
    /// The text to be scanned, as an image within the page; nothing where it is too long for one.
    fn qr_code(&mut self, text: &str) -> &mut Self {
        if let Ok(code) = QrCode::new(text) {
            let image = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
            // Digits and our own colours only; a declaration does not belong within a page.
            let image = image.split_once("?>").map_or(&*image, |(_, rest)| rest);
            self.image(image);
        }
        self
    }
}

fn begun(title: &'static str) -> Html {
    let mut html = Html::default();
    html.markup("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.element("title", title).open("link", &[("rel", "stylesheet"), ("href", STYLE_PATH)]);
    html.markup("</head><body><main>");
    html
}

fn ended(mut html: Html) -> String {
    html.markup("</main></body></html>");
    html.finish()
}
