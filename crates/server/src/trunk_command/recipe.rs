//! `sipwarden trunk show --for PRODUCT`: the other side's configuration, filled in from the trunk.

use super::{ask, objects, trunk_path};
use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::credential_command::{find, host_of};
use crate::failure::Failure;
use crate::operator_commands::{print, segment, text};
use crate::trunk_cli::Product;
use serde_json::{Value, json};
use trunk_recipes::{Facts, Listener, Place, RecipeError, Signalling, Srtp, Transport, recipe};

impl From<Product> for trunk_recipes::Product {
    fn from(product: Product) -> Self {
        match product {
            Product::Livekit => Self::Livekit,
            Product::Vapi => Self::Vapi,
            Product::Elevenlabs => Self::Elevenlabs,
            Product::Pipecat => Self::Pipecat,
            Product::Asterisk => Self::Asterisk,
            Product::Freeswitch => Self::Freeswitch,
        }
    }
}

pub(super) async fn show(
    product: Product,
    (trunk_id, credential): (&str, Option<&str>),
    access: &ServerAccess,
) -> Result<(), Failure> {
    let facts = facts(trunk_id, credential, access).await?;
    let product = product.into();
    let configuration = recipe(product, &facts).map_err(|error| refused(&error))?;
    print(access.json, &as_json(&configuration, product), || configuration.clone())
}

fn refused(error: &RecipeError) -> Failure {
    Failure::Refused(error.to_string())
}

/// JSON as it is, anything else as a text.
fn as_json(configuration: &str, product: trunk_recipes::Product) -> Value {
    let parsed = product.is_json().then(|| serde_json::from_str(configuration).ok()).flatten();
    parsed.unwrap_or_else(|| json!({ "configuration": configuration }))
}

async fn facts(trunk_id: &str, credential: Option<&str>, access: &ServerAccess) -> Result<Facts, Failure> {
    let get = async |path: &str| ask(access, "GET", (path, None)).await;
    let path = trunk_path(trunk_id);
    let trunk = get(&path).await?;
    let attachments = get(&format!("{path}/attachments")).await?;
    let rules = get(&format!("{path}/rules")).await?;
    let settings = get("phone-settings").await?;
    let numbers = objects(access, "numbers").await?;
    let own = |number: &&Value| text(number, "trunk_id") == text(&trunk, "trunk_id");
    let numbers: Vec<&Value> = numbers.iter().filter(own).collect();
    let is_required = rules.get("require_srtp") == Some(&Value::Bool(true));
    Ok(Facts {
        name: text(&trunk, "name").to_owned(),
        domain: text(&trunk, "trunk_domain").to_owned(),
        realm: text(&settings, "realm").to_owned(),
        place: place(&trunk, &settings, host_of(&access.url))?,
        username: username(&attachments, credential, access).await?,
        upstream_username: upstream_username(&numbers, access).await?,
        numbers: numbers.iter().map(|number| text(number, "e164").to_owned()).collect(),
        srtp: if is_required { Srtp::Required } else { Srtp::Allowed },
    })
}

fn listener(server: &Value) -> Listener<'_> {
    Listener {
        transport: text(server, "transport"),
        host: server.get("host").and_then(Value::as_str),
        port: server.get("port").and_then(Value::as_u64).and_then(|port| port.try_into().ok()),
    }
}

fn place(trunk: &Value, settings: &Value, url_host: &str) -> Result<Place, Failure> {
    let servers = settings.get("servers").and_then(Value::as_array).into_iter().flatten();
    let listeners: Vec<_> = servers.map(listener).collect();
    let is_secure = trunk.get("secure") == Some(&Value::Bool(true));
    let signalling = if is_secure { Signalling::Encrypted } else { Signalling::Any };
    let own = Transport::from_name(text(trunk, "transport"));
    Place::of((own, signalling), &listeners, url_host).map_err(|error| refused(&error))
}

/// Of the credential that was asked for, which has to be attached, or of the first that is.
async fn username(
    attachments: &Value,
    credential: Option<&str>,
    access: &ServerAccess,
) -> Result<Option<String>, Failure> {
    let attached: Vec<&str> = listed(attachments, "credentials").collect();
    let wanted = credential.or_else(|| attached.first().copied());
    let Some(wanted) = wanted else { return Ok(None) };
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    let found = find(&client, wanted).await?;
    if !attached.contains(&text(&found, "id")) {
        return Err(Failure::Refused(format!(
            "the trunk is not attached to {wanted:?}; attach it with `sipwarden trunk attach`"
        )));
    }
    Ok(Some(text(&found, "username").to_owned()))
}

/// With which we answer the challenge of where calls to the trunk's numbers go. Not that of the trunk's own next hops:
/// those lead away from the other side.
async fn upstream_username(numbers: &[&Value], access: &ServerAccess) -> Result<Option<String>, Failure> {
    let targets = numbers.iter().map(|number| text(number, "target_origination_uri"));
    let Some(id) = targets.into_iter().find(|id| !id.is_empty()) else { return Ok(None) };
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    let answer = client.call("GET", &format!("origination-uris/{}/secret", segment(id)), None).await?;
    if answer.status == 404 { Ok(None) } else { Ok(Some(text(&answer.accepted()?, "username").to_owned())) }
}

fn listed<'v>(attachments: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    attachments.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
