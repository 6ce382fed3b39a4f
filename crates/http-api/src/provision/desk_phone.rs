//! `GET /provision/mac/{auth_id}/{secret}/{file}`: a desk phone's configuration, at each boot anew. The password is derived,
//! so fetching it makes and spends nothing.

use super::answer;
use super::origin::{Admitted, Origin};
use super::phone::Reach;
use crate::api::Shared;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::response::Response;
use phone_provisioning::{PhoneFile, PhoneSettings, configuration};
use provisioning::ProvisioningError;
use std::sync::Arc;

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    _admitted: Admitted,
    Path((auth_id, secret, file)): Path<(String, String, String)>,
    origin: Origin,
) -> Result<Response, Problem> {
    // Phones ask for files that there are none of, too.
    let file = PhoneFile::parse(&file).ok_or(Problem::Refused(ProvisioningError::DeviceNotFound))?;
    let phone = shared.provisioning.desk_phone_settings((&auth_id, &secret), file.mac).await?;
    let reach = Reach::of(&shared.config.sip_services, None, (&origin, phone.domain.as_str()))?;
    let settings = PhoneSettings {
        username: phone.username.as_str(),
        password: phone.password.as_str(),
        domain: phone.domain.as_str(),
        realm: phone.realm.as_str(),
        label: phone.label.as_str(),
        server: reach.server(),
        mac: Some(file.mac),
        changed_at: phone.changed_at,
    };
    Ok(answer::file(&configuration(phone.format, &settings, file.part)))
}
