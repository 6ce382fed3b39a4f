//! Makes a credential, with a password that is typed, or made here and shown once.

use super::Strength;
use crate::Shared;
use crate::config::PhoneServer;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page, page_of_status};
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{GeneratedPassword, Password, Username, UsernameRule};
use provisioning::{CredentialUpdate, CredentialView, Description, NewCredential, ProvisioningError};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "credential_new.html")]
struct NewPage {
    frame: Frame,
    username: String,
    description: String,
    pattern: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "credential_created.html")]
struct CreatedPage {
    frame: Frame,
    id: String,
    username: String,
    /// Where it was made here.
    password: Option<GeneratedPassword>,
    strength: Option<Strength>,
    domain: String,
    realm: String,
    servers: Vec<PhoneServer>,
}

#[derive(Template)]
#[template(path = "strength.html")]
struct StrengthPart {
    strength: Option<Strength>,
    problem: Option<String>,
}

/// What is wrong with a field of a form.
pub(crate) struct FieldError {
    pub field: &'static str,
    pub sentence: String,
}

impl NewPage {
    fn new(shared: &Shared, visit: &Visit) -> Self {
        let pattern = match shared.provisioning.username_rule() {
            UsernameRule::Strict => "[A-Za-z0-9_]{1,64}",
            UsernameRule::Extended => "[A-Za-z0-9_.+\\-]{1,64}",
        };
        let frame = visit.frame("New credential", Section::Credentials);
        Self { frame, username: String::new(), description: String::new(), pattern, errors: Vec::new() }
    }

    fn error_of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.sentence.as_str())
    }
}

pub(super) async fn form(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    visit.scope.clone().credentials_write()?;
    page(&NewPage::new(&shared, &visit))
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let (new, generated, description) = match checked(&shared, &fields) {
        Ok(checked) => checked,
        Err(errors) => return again(&shared, &visit, (&fields, errors)),
    };
    let mut view = match shared.provisioning.create_credential(&scope, visit.context(), new).await {
        Ok(view) => view,
        Err(ProvisioningError::UsernameTaken) => {
            let sentence = "There is a credential of this username already. Choose another.".to_owned();
            return again(&shared, &visit, (&fields, vec![FieldError { field: "username", sentence }]));
        }
        Err(ProvisioningError::WeakPassword(weak)) => {
            let sentence = capitalised(&format!("the password {weak}"));
            return again(&shared, &visit, (&fields, vec![FieldError { field: "password", sentence }]));
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(description) = description {
        let update = CredentialUpdate { description: Some(description), ..CredentialUpdate::default() };
        view = shared.provisioning.update_credential(&scope, visit.context(), (view.id, update)).await?;
    }
    page_of_status(StatusCode::CREATED, &created(&shared, &visit, (view, generated)))
}

fn created(
    shared: &Shared,
    visit: &Visit,
    (view, password): (CredentialView, Option<GeneratedPassword>),
) -> CreatedPage {
    CreatedPage {
        frame: visit.frame("Credential created", Section::Credentials),
        id: view.id.to_string(),
        username: view.username.into(),
        password,
        strength: view.password_score.map(Strength::from),
        domain: visit.scope.sip_domain().to_string(),
        realm: visit.scope.realm_name().to_string(),
        servers: shared.config.phone_servers.clone(),
    }
}

type Checked = (NewCredential, Option<GeneratedPassword>, Option<Description>);

fn checked(shared: &Shared, fields: &Fields) -> Result<Checked, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field, text: &str, problem: String| {
        errors.push(FieldError { field, sentence: capitalised(&format!("the {text} {problem}")) });
    };
    let username = Username::parse(fields.text("username"), shared.provisioning.username_rule())
        .map_err(|error| wrong("username", "username", error.to_string()));
    // As it was typed: blanks are part of a password.
    let (password, generated) = match fields.raw("password") {
        "" => {
            let generated = GeneratedPassword::draw(&*shared.random);
            (Ok(generated.to_password()), Some(generated))
        }
        typed => {
            (Password::parse(typed.to_owned()).map_err(|error| wrong("password", "password", error.to_string())), None)
        }
    };
    let description = Description::parse(fields.text("description"))
        .map_err(|error| wrong("description", "description", error.to_string()));
    match (username, password, description) {
        (Ok(username), Ok(password), Ok(description)) => {
            let description = (!fields.text("description").is_empty()).then_some(description);
            Ok((NewCredential { username, password }, generated, description))
        }
        _ => Err(errors),
    }
}

/// The form once more, with what was typed except the password.
fn again(shared: &Shared, visit: &Visit, (fields, errors): (&Fields, Vec<FieldError>)) -> Result<Response, Refusal> {
    let page = NewPage {
        username: fields.text("username").to_owned(),
        description: fields.text("description").to_owned(),
        errors,
        ..NewPage::new(shared, visit)
    };
    page_of_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// How hard what is typed is to guess; asked for while it is typed, and kept nowhere.
pub(super) async fn strength(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let typed = fields.raw("password");
    if typed.is_empty() {
        return page(&StrengthPart { strength: None, problem: None });
    }
    let part = match Password::parse(typed.to_owned()) {
        Err(error) => StrengthPart { strength: None, problem: Some(capitalised(&format!("it {error}"))) },
        Ok(password) => {
            let username = Username::parse(fields.text("username"), shared.provisioning.username_rule()).ok();
            match shared.provisioning.password_score(&visit.scope, username.as_ref(), &password) {
                Ok(score) => StrengthPart { strength: Some(score.into()), problem: None },
                Err(weak) => StrengthPart { strength: None, problem: Some(capitalised(&format!("it {weak}"))) },
            }
        }
    };
    page(&part)
}
