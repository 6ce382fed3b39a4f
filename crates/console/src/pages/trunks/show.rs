//! One trunk.

use super::{ALL, TrunkInPath};
use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::{CallerIdentity, OriginationUriId, ReferPolicy, Trunk, TrunkDirection, TrunkTransport};
use std::sync::Arc;
use trunk_recipes::Product;

#[derive(Template)]
#[template(path = "trunk.html")]
struct TrunkPage {
    frame: Frame,
    id: String,
    trunk: Trunk,
    created_at: Moment,
    updated_at: Moment,
    credentials: Vec<Attached>,
    credential_names: String,
    hops: Vec<Choice>,
    networks: Vec<Choice>,
    numbers: Vec<String>,
    directions: Vec<&'static str>,
    transports: Vec<&'static str>,
    identities: Vec<&'static str>,
    refers: Vec<&'static str>,
    products: [Product; 6],
}

struct Attached {
    href: String,
    username: String,
}

/// Something a trunk can be attached to.
struct Choice {
    id: String,
    text: String,
    is_enabled: bool,
    /// For next hops: `primary`, `fallback`, `further`, or nothing.
    place: &'static str,
}

impl TrunkPage {
    fn prefixes(list: &[domain::Digits]) -> String {
        list.iter().map(domain::Digits::as_str).collect::<Vec<_>>().join(", ")
    }

    fn allowed(&self) -> String {
        Self::prefixes(&self.trunk.rules.allowed_prefixes)
    }

    fn refused(&self) -> String {
        Self::prefixes(&self.trunk.rules.refused_prefixes)
    }

    fn emergency(&self) -> String {
        Self::prefixes(&self.trunk.rules.emergency_numbers)
    }

    fn is_emergency(&self, hop: &Choice) -> bool {
        self.trunk.rules.emergency_uri.is_some_and(|id| id.to_string() == hop.id)
    }

    fn passed(&self) -> String {
        self.trunk.rules.passed_headers.iter().map(domain::PassedHeader::as_str).collect::<Vec<_>>().join(", ")
    }

    fn home(&self) -> &str {
        self.trunk.rules.home_country_code.as_ref().map(domain::Digits::as_str).unwrap_or_default()
    }

    fn tech_prefix(&self) -> &str {
        self.trunk.rules.tech_prefix.as_ref().map(domain::Digits::as_str).unwrap_or_default()
    }

    fn minutes(&self) -> String {
        self.trunk.rules.minutes_per_day.map(|minutes| minutes.to_string()).unwrap_or_default()
    }

    fn inbound(&self) -> &str {
        self.trunk.inbound_destination.as_ref().map(domain::InboundDestination::as_str).unwrap_or_default()
    }
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    TrunkInPath(id): TrunkInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let provisioning = &shared.provisioning;
    let trunk = provisioning.trunk(&account, id).await?;
    let mut credentials = Vec::with_capacity(trunk.attachments.credentials.len());
    for id in &trunk.attachments.credentials {
        let view = provisioning.credential(&visit.scope, *id).await?;
        let href = format!("{}/credentials/{id}", visit.base());
        credentials.push(Attached { href, username: view.username.into() });
    }
    let names: Vec<&str> = credentials.iter().map(|one| one.username.as_str()).collect();
    let hops = provisioning.origination_uris(&account, ALL).await?.objects.into_iter().map(|uri| Choice {
        id: uri.id.to_string(),
        text: uri.uri.to_string(),
        is_enabled: uri.enabled,
        place: place(&trunk, uri.id),
    });
    let networks = provisioning.ip_acls(&account, ALL).await?.objects.into_iter().map(|entry| Choice {
        id: entry.id.to_string(),
        text: format!("{} {}", entry.network, entry.description),
        is_enabled: entry.enabled,
        place: if trunk.attachments.ip_acls.contains(&entry.id) { "further" } else { "" },
    });
    let numbers = provisioning.numbers_of_trunk(&account, id).await?;
    page(&TrunkPage {
        frame: visit.frame(&trunk.name, Section::Trunks),
        id: id.to_string(),
        created_at: trunk.created_at.into(),
        updated_at: trunk.updated_at.into(),
        credential_names: names.join(", "),
        hops: hops.collect(),
        networks: networks.collect(),
        numbers: numbers.into_iter().map(|number| number.e164.as_str().to_owned()).collect(),
        directions: TrunkDirection::ALL.iter().map(|one| one.as_str()).collect(),
        transports: TrunkTransport::ALL.iter().map(|one| one.as_str()).collect(),
        identities: CallerIdentity::ALL.iter().map(|one| one.as_str()).collect(),
        refers: ReferPolicy::ALL.iter().map(|one| one.as_str()).collect(),
        products: Product::ALL,
        credentials,
        trunk,
    })
}

fn place(trunk: &Trunk, id: OriginationUriId) -> &'static str {
    let attachments = &trunk.attachments;
    if attachments.primary_uri == Some(id) {
        "primary"
    } else if attachments.fallback_uri == Some(id) {
        "fallback"
    } else if attachments.origination_uris.contains(&id) {
        "further"
    } else {
        ""
    }
}
