//! The other side's configuration, filled in from the trunk; only passwords are left to type.

use super::{ALL, TrunkInPath};
use crate::Shared;
use crate::config::PhoneServer;
use crate::frame::{Frame, Layout, Section, page};
use crate::reached::Reached;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::{Number, NumberTarget, Trunk};
use provisioning::AccountRead;
use std::sync::Arc;
use trunk_recipes::{Facts, Listener, Place, Product, RecipeError, Signalling, Srtp, Transport, recipe};

/// Where a listener names no host, and the browser none that can be read.
const SOMEWHERE: &str = "localhost";

#[derive(Template)]
#[template(path = "trunk_recipe.html")]
struct RecipePage {
    frame: Frame,
    id: String,
    name: String,
    product: Product,
    products: [Product; 6],
    outcome: Result<String, String>,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    TrunkInPath(id): TrunkInPath,
    Path((_, _, product)): Path<(String, String, String)>,
    reached: Reached,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let product = Product::from_name(&product).ok_or(Refusal::NotFound("There is no recipe for that."))?;
    let trunk = shared.provisioning.trunk(&account, id).await?;
    let facts = facts(&shared, (&visit, &account), (&trunk, &reached)).await?;
    let outcome = facts.and_then(|facts| recipe(product, &facts)).map_err(|error| match error {
        RecipeError::NoCredential => {
            "The trunk has no credential for the other side. Attach one on the trunk’s page.".to_owned()
        }
        error => capitalised(&error.to_string()),
    });
    page(&RecipePage {
        frame: visit.frame(&format!("{} for {}", trunk.name, product.title()), Section::Trunks),
        id: id.to_string(),
        name: trunk.name.into(),
        product,
        products: Product::ALL,
        outcome,
    })
}

/// As `sipwarden trunk show --for` gathers them.
async fn facts(
    shared: &Shared,
    (visit, account): (&Visit, &AccountRead),
    (trunk, reached): (&Trunk, &Reached),
) -> Result<Result<Facts, RecipeError>, Refusal> {
    let listeners: Vec<_> = shared.config.phone_servers.iter().map(listener).collect();
    let signalling = if trunk.secure { Signalling::Encrypted } else { Signalling::Any };
    let own = Transport::from_name(trunk.transport.as_str());
    let place = match Place::of((own, signalling), &listeners, reached.host().unwrap_or(SOMEWHERE)) {
        Ok(place) => place,
        Err(error) => return Ok(Err(error)),
    };
    let numbers = shared.provisioning.numbers_of_trunk(account, trunk.id).await?;
    let username = match trunk.attachments.credentials.first() {
        Some(id) => Some(shared.provisioning.credential(&visit.scope, *id).await?.username.into()),
        None => None,
    };
    Ok(Ok(Facts {
        name: trunk.name.to_string(),
        domain: trunk.host.to_string(),
        realm: visit.scope.realm_name().to_string(),
        place,
        username,
        upstream_username: upstream_username(shared, account, &numbers).await?,
        numbers: numbers.iter().map(|number| number.e164.as_str().to_owned()).collect(),
        srtp: if trunk.rules.require_srtp { Srtp::Required } else { Srtp::Allowed },
    }))
}

fn listener(server: &PhoneServer) -> Listener<'_> {
    Listener { transport: server.transport, host: server.host.as_deref(), port: Some(server.port) }
}

/// With which we answer the challenge of where calls to the trunk's numbers go.
async fn upstream_username(
    shared: &Shared,
    account: &AccountRead,
    numbers: &[Number],
) -> Result<Option<String>, Refusal> {
    let target = |number: &Number| match number.target {
        NumberTarget::OriginationUri(id) => Some(id),
        NumberTarget::Trunk | NumberTarget::Username(_) => None,
    };
    let Some(target) = numbers.iter().find_map(target) else { return Ok(None) };
    let uris = shared.provisioning.origination_uris(account, ALL).await?.objects;
    let secret = uris.into_iter().find(|uri| uri.id == target).and_then(|uri| uri.secret);
    Ok(secret.map(|secret| secret.username.into()))
}
