//! What the form on a link's page sends.

use crate::field_problems::FieldProblems;
use crate::problem::Problem;
use domain::PhoneFormat;
use phone_provisioning::PhoneTransport;

/// How whoever spends a link wants what it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// On a page, with everything to type or to copy.
    Page,
    /// As the file itself.
    File,
    /// By an app that fetches it.
    Fetch,
}

/// The form, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) delivery: Delivery,
    pub(super) format: Option<PhoneFormat>,
    pub(super) transport: Option<PhoneTransport>,
}

impl Form {
    /// Reads a body; fields that are absent or empty say nothing.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut form = Self { delivery: Delivery::Page, format: None, transport: None };
        let mut problems = FieldProblems::default();
        for (name, value) in form_urlencoded::parse(body) {
            match (&*name, &*value) {
                ("delivery", "page") | (_, "") => {}
                ("delivery", "file") => form.delivery = Delivery::File,
                ("delivery", "fetch") => form.delivery = Delivery::Fetch,
                ("delivery", _) => problems.note("delivery", "must be page, file or fetch"),
                ("format", name) => match PhoneFormat::from_name(name) {
                    Some(format) => form.format = Some(format),
                    None => problems.note("format", "must be one of those on the page"),
                },
                ("transport", name) => match PhoneTransport::from_name(name) {
                    Some(transport) => form.transport = Some(transport),
                    None => problems.note("transport", "must be udp, tcp or tls"),
                },
                // A browser's form has no others; whoever else sends some means nothing by them here.
                _ => {}
            }
        }
        if problems.is_empty() { Ok(form) } else { Err(Problem::Fields(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let page = Form { delivery: Delivery::Page, format: None, transport: None };
        assert_eq!(Form::read(b"").unwrap(), page);
        assert_eq!(Form::read(b"format=&delivery=page&x=y").unwrap(), page);
        let read = Form::read(b"delivery=file&format=snom&transport=tls").unwrap();
        let (format, transport) = (Some(PhoneFormat::Snom), Some(PhoneTransport::Tls));
        assert_eq!(read, Form { delivery: Delivery::File, format, transport });
        for bad in [&b"delivery=mail"[..], b"format=Snom", b"transport=ws", b"format=%ff"] {
            assert!(Form::read(bad).is_err());
        }
    }
}
