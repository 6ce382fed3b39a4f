//! What the calls of a trunk may do.

use super::TrunkInPath;
use super::change::number;
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::see_other;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use axum::extract::State;
use axum::response::Response;
use domain::{CallRules, CallerIdentity, Digits, OriginationUriId, PassedHeader, ReferPolicy};
use provisioning::RulesPatch;
use std::sync::Arc;

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    TrunkInPath(id): TrunkInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let minutes = match fields.text("minutes_per_day") {
        "" => None,
        _ => Some(number(&fields, "minutes_per_day", CallRules::MOST_MINUTES)?),
    };
    let patch = RulesPatch {
        caller_identity: CallerIdentity::from_name(fields.text("caller_identity")),
        home_country_code: Some(digits(&fields, "home_country_code")?.pop()),
        allowed_prefixes: Some(digits(&fields, "allowed_prefixes")?),
        refused_prefixes: Some(digits(&fields, "refused_prefixes")?),
        international: Some(fields.is_ticked("international")),
        tech_prefix: Some(digits(&fields, "tech_prefix")?.pop()),
        minutes_per_day: Some(minutes),
        refer: ReferPolicy::from_name(fields.text("refer")),
        require_srtp: Some(fields.is_ticked("require_srtp")),
        emergency_numbers: fields
            .given("emergency_numbers")
            .map(|_| digits(&fields, "emergency_numbers"))
            .transpose()?,
        emergency_uri: fields.given("emergency_uri").map(OriginationUriId::parse),
        passed_headers: fields.given("passed_headers").map(headers).transpose()?,
    };
    shared.provisioning.update_rules(&account, visit.context(), (id, patch)).await?;
    see_other(&format!("{}/trunks/{id}?done=updated", visit.base()))
}

fn entries(text: &str) -> Vec<&str> {
    text.split([',', ' ', '\n', '\r']).filter(|text| !text.is_empty()).collect()
}

fn headers(text: &str) -> Result<Vec<PassedHeader>, Refusal> {
    let names = entries(text);
    if names.len() > CallRules::MOST {
        return Err(Refusal::Wrong(format!("at most {} header fields can be passed on", CallRules::MOST)));
    }
    let parse = |name: &str| {
        PassedHeader::parse(name).map_err(|error| Refusal::Wrong(format!("the header field {name} {error}")))
    };
    names.into_iter().map(parse).collect()
}

fn digits(fields: &Fields, name: &str) -> Result<Vec<Digits>, Refusal> {
    let texts = entries(fields.text(name));
    if texts.len() > CallRules::MOST {
        return Err(Refusal::Wrong(format!(
            "the field {} takes at most {} entries",
            name.replace('_', " "),
            CallRules::MOST
        )));
    }
    let parse = |text: &str| {
        Digits::parse(text).map_err(|error| Refusal::Wrong(format!("each of the {} {error}", name.replace('_', " "))))
    };
    texts.into_iter().map(parse).collect()
}
