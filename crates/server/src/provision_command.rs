//! `sipwarden provision …`, over HTTP.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::credential_command::{find, path_of};
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, segment, text};
use crate::phones::harmless;
use crate::provision_cli::ProvisionCommand;
use clap::ValueEnum;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::{Map, Value, json};

const COLUMNS: [Column; 5] =
    [("ID", "id"), ("LABEL", "label"), ("FORMAT", "format"), ("SPENT BY", "spent_by"), ("EXPIRES", "expires_at")];

/// Whether a link is drawn beside being written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawing {
    None,
    Terminal,
}

pub(crate) async fn run(command: ProvisionCommand) -> Result<(), Failure> {
    match command {
        ProvisionCommand::Link { credential, label, format, minutes, app, qr, access } => {
            let mut body = Map::from_iter([
                ("label".to_owned(), json!(label)),
                ("expires_in_seconds".to_owned(), json!(u64::from(minutes) * 60)),
                ("spent_by".to_owned(), json!(if app { "get" } else { "post" })),
            ]);
            let name = format.and_then(|format| format.to_possible_value()).map(|value| value.get_name().to_owned());
            body.extend(name.map(|name| ("format".to_owned(), json!(name))));
            let drawing = if qr { Drawing::Terminal } else { Drawing::None };
            link(&credential, Value::Object(body), (drawing, &access)).await
        }
        ProvisionCommand::Path { replace, access } => {
            let client = client(&access);
            if replace {
                client.call("DELETE", "provisioning-path", None).await?.expect(204)?;
            }
            let shown = client.call("GET", "provisioning-path", None).await?.expect(200)?;
            print(access.json, &shown, || format!("{}\n", text(&shown, "url")))
        }
        ProvisionCommand::Links { credential, access } => {
            let (client, path) = links_of(&credential, &access).await?;
            let listed = client.call("GET", &path, None).await?.expect(200)?;
            let links = listed.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
            print(access.json, &json!({ "links": links }), || match links.as_slice() {
                [] => "There are none; make one with `sipwarden provision link CREDENTIAL LABEL`.\n".into(),
                links => table(&COLUMNS, &links.iter().map(harmless).collect::<Vec<_>>()),
            })
        }
        ProvisionCommand::Withdraw { credential, link, access } => {
            let (client, path) = links_of(&credential, &access).await?;
            client.call("DELETE", &format!("{path}/{}", segment(&link)), None).await?.expect(204)?;
            print(access.json, &json!({ "withdrawn": link }), || "Whoever has the link has nothing.\n".into())
        }
    }
}

async fn link(credential: &str, body: Value, (drawing, access): (Drawing, &ServerAccess)) -> Result<(), Failure> {
    let (client, path) = links_of(credential, access).await?;
    let made = client.call("POST", &path, Some(body)).await?.expect(201)?;
    print(access.json, &made, || {
        let url = text(&made, "url");
        let drawn = QrCode::new(url).ok().filter(|_| drawing == Drawing::Terminal);
        let drawn = drawn.map(|code| code.render::<Dense1x2>().quiet_zone(true).build() + "\n\n").unwrap_or_default();
        let once = match made.get("spent_by").and_then(Value::as_str) {
            Some("get") => "Whoever fetches it first has it",
            _ => "Looking at it spends nothing; its form does, once",
        };
        format!("{drawn}{url}\n\n{once}, until {}. It is shown this once.\n", text(&made, "expires_at"))
    })
}

async fn links_of(credential: &str, access: &ServerAccess) -> Result<(ApiClient, String), Failure> {
    let client = client(access);
    let path = format!("{}/provisioning-links", path_of(&find(&client, credential).await?)?);
    Ok((client, path))
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}
