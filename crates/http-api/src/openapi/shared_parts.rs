//! What operations share: parameters of paths and methods, headers, errors, and how identity is proved.

use serde_json::{Value, json};

/// What decides which errors and headers an operation may answer.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub needs_identity: bool,
    pub needs_operator: bool,
    pub has_body: bool,
    pub names_an_object: bool,
    pub creates: bool,
    pub has_pages: bool,
}

/// Each placeholder of a path with the parameter that describes it.
const PATH_PARAMETERS: [(&str, &str); 15] = [
    ("{auth_id}", "AuthId"),
    ("{credential_id}", "CredentialId"),
    ("{device_id}", "DeviceId"),
    ("{link_id}", "LinkId"),
    ("{token_id}", "TokenId"),
    ("{sub_auth_id}", "SubAuthId"),
    ("{registration_id}", "RegistrationId"),
    ("{trunk_id}", "TrunkId"),
    ("{ip_acl_id}", "IpAclId"),
    ("{origination_uri_id}", "OriginationUriId"),
    ("{e164}", "E164"),
    ("{call_id}", "CallId"),
    ("{ban_id}", "BanId"),
    ("{host}", "Host"),
    ("{realm}", "Realm"),
];

/// The parameters that a path's placeholders stand for.
pub(super) fn path_parameters(path: &str) -> impl Iterator<Item = &'static str> {
    let path = path.to_owned();
    PATH_PARAMETERS.into_iter().filter(move |(placeholder, _)| path.contains(placeholder)).map(|(_, name)| name)
}

/// The parameter of requests that may be sent twice and are carried out once.
pub(super) fn repeating_parameters(repeatable: bool) -> Option<&'static str> {
    repeatable.then_some("IdempotencyKey")
}

/// The headers of an operation's own answers.
pub(super) fn headers(facts: Facts, status: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let succeeded = status.starts_with('2');
    let headers = [
        (true, ("X-Request-ID", "RequestId")),
        (facts.creates && succeeded, ("Idempotency-Replayed", "IdempotencyReplayed")),
        (facts.has_pages && succeeded, ("Link", "Link")),
    ];
    headers.into_iter().filter(|(applies, _)| *applies).map(|(_, header)| header)
}

/// The errors such an operation may answer beside its own.
pub(super) fn errors(facts: Facts) -> impl Iterator<Item = (&'static str, &'static str)> {
    let groups: [(bool, &[(&str, &str)]); 6] = [
        (
            true,
            &[
                ("400", "BadRequest"),
                ("414", "TargetTooLong"),
                ("431", "HeadersTooLarge"),
                ("500", "Internal"),
                ("503", "Unavailable"),
            ],
        ),
        (facts.needs_identity, &[("401", "Unauthenticated"), ("403", "Forbidden"), ("429", "TooManyRequests")]),
        (facts.needs_operator, &[("401", "NotTheOperator")]),
        (facts.names_an_object, &[("404", "NotFound")]),
        (facts.has_body, &[("408", "BodyTooSlow"), ("413", "BodyTooLarge"), ("415", "NotJson")]),
        (facts.creates, &[("422", "KeyUsed")]),
    ];
    groups.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, errors)| errors.iter().copied())
}

/// Writes a trunk as lists show it as one closed object: a trunk's own schema allows nothing more, so it cannot be part of
/// another.
fn close_listed_trunk(document: &mut Value) {
    let more =
        document.pointer("/components/schemas/ListedTrunk/allOf/1/properties").and_then(Value::as_object).cloned();
    let mut closed = document.pointer("/components/schemas/Trunk").cloned().unwrap_or_default();
    if let (Some(all), Some(more)) = (closed.pointer_mut("/properties").and_then(Value::as_object_mut), more) {
        all.extend(more);
    }
    if let Some(schema) = closed.as_object_mut() {
        schema.insert("description".to_owned(), json!("A trunk as lists show it."));
    }
    if let Some(listed) = document.pointer_mut("/components/schemas/ListedTrunk") {
        *listed = closed;
    }
}

/// Adds the components that the above refer to, and the document's own head.
pub(super) fn add_to(document: &mut Value) {
    close_listed_trunk(document);
    document["info"] = json!({
        "title": "sipwarden",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Accounts, their tokens and SIP credentials. When a change has been answered it is true for \
            phones too, on every node. `Account` in a path may be written `account`, and a final `/` is ignored. \
            Every answer has an `X-Request-ID`: the client's own where it sent one of 1 to 128 letters, digits, `.`, \
            `_` and `-`, else a random one.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["tags"] = json!([
        {"name": "Credentials", "description": "What phones register with"},
        {"name": "Devices", "description": "Phones and apps of a credential with passwords of their own, each revoked alone"},
        {"name": "Registrations", "description": "Which phones are online, and from where"},
        {"name": "Trunks", "description": "Over which next hops calls go, how many, and by which rules"},
        {"name": "IP access lists", "description": "From where trunks take calls"},
        {"name": "Origination URIs", "description": "The next hops of trunks, and how their challenges are answered"},
        {"name": "Numbers", "description": "Allocated by the operator, assigned to trunks by the account"},
        {"name": "Authentication events", "description": "What became of attempts to authenticate, and why"},
        {"name": "Calls", "description": "Calls that are up, and what ended ones have left behind"},
        {"name": "Webhooks", "description": "What an account is told as it happens, signed, at a URL of its own"},
        {"name": "Tokens", "description": "What API clients prove their account with"},
        {"name": "Sub-Accounts", "description": "Accounts of an account, with credentials and tokens of their own"},
        {"name": "Account", "description": "The account itself"},
        {"name": "Bans", "description": "Whose answers are not verified for now, and lifting that"},
        {"name": "Audit log", "description": "What was changed, by whom and from where"},
        {"name": "Operator", "description": "The whole installation, for whoever runs it: served with `--admin-api`"},
        {"name": "Health", "description": "For load balancers and monitoring; no identity needed"},
    ]);
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "AuthID": {"type": "apiKey", "in": "header", "name": "X-Auth-ID", "description": "The auth id of an account"},
        "AuthToken": {"type": "apiKey", "in": "header", "name": "X-Auth-Token",
            "description": "A token of that account"},
        "OperatorToken": {"type": "http", "scheme": "bearer",
            "description": "A token that `sipwarden operator-token create` has made"},
    });
    components["parameters"] = parameters();
    components["headers"] = response_headers();
    components["responses"] = responses();
}

fn parameters() -> Value {
    let in_path = |name: &str, description: &str, schema: Value| json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
    let auth_id = |example: &str| {
        json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{1,30}[A-Za-z0-9]$", "minLength": 3,
               "maxLength": 32, "example": example})
    };
    let uuid = || json!({"type": "string", "format": "uuid", "example": "aabbccdd-1234-5678-90ab-cdef12345678"});
    json!({
        "AuthId": in_path("auth_id", "The account: your own, or a sub-account of it", auth_id("MA_XXXXXXXX")),
        "SubAuthId": in_path("sub_auth_id", "The sub-account", auth_id("SA_XXXXXXXX")),
        "CredentialId": in_path("credential_id", "The credential's id, from create or list", uuid()),
        "LinkId": in_path("link_id", "The provisioning link's id, from create or list", uuid()),
        "DeviceId": in_path("device_id", "The device's id, from create or list", uuid()),
        "TokenId": in_path("token_id", "The token's id, from create or list", uuid()),
        "RegistrationId": in_path("registration_id", "The registration's id, from the list",
            json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1})),
        "TrunkId": in_path("trunk_id", "The trunk's id, from create or list", uuid()),
        "IpAclId": in_path("ip_acl_id", "The entry's id, from create or list", uuid()),
        "OriginationUriId": in_path("origination_uri_id", "The origination URI's id, from create or list", uuid()),
        "E164": in_path("e164", "The number in E.164 form, `+` as `%2B`",
            json!({"type": "string", "pattern": "^\\+?[1-9][0-9]{2,14}$", "example": "+4930123456"})),
        "BanId": in_path("ban_id", "The ban's id, from the list", uuid()),
        "CallId": in_path("call_id", "The call's id, from the list of calls or of records", uuid()),
        "Host": in_path("host", "The host name", json!({"type": "string", "example": "pbx.example.net"})),
        "Realm": in_path("realm", "The realm's name, percent-encoded",
            json!({"type": "string", "example": "MA_XXXXXXXX.sip.example.com"})),
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes repeating safe: the same request with the same key within 24 hours gets the same \
                answer and changes nothing again",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "example": "5f1c1bd2-0e0e-4b0e-9b39-1a1f4f0f6d3b",
        },
    })
}

fn response_headers() -> Value {
    json!({
        "RequestId": {"required": true, "description": "Names this request in the log and the audit record",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}},
        "RetryAfter": {"description": "Seconds after which trying again makes sense",
            "schema": {"type": "integer", "minimum": 1}},
        "IdempotencyReplayed": {"description": "`true` where this is the answer to an earlier request of the same key",
            "schema": {"type": "string", "enum": ["true"]}},
        "Link": {"description": "Where a next page exists: its address, with `rel=\"next\"` (RFC 8288)",
            "schema": {"type": "string", "pattern": "^</.+>; rel=\"next\"$"}},
        "WwwAuthenticate": {"required": true, "description": "The scheme: the two headers of an account",
            "schema": {"type": "string", "enum": ["X-Auth-Token"]}},
        "WwwAuthenticateBearer": {"required": true, "description": "The scheme: an operator token",
            "schema": {"type": "string", "enum": ["Bearer"]}},
    })
}

fn responses() -> Value {
    let answer = |description: &str, (code, error): (u16, &str), header: Option<(&str, &str)>| {
        let mut headers = json!({"X-Request-ID": {"$ref": "#/components/headers/RequestId"}});
        if let Some((name, component)) = header {
            super::set(&mut headers, name, json!({"$ref": format!("#/components/headers/{component}")}));
        }
        json!({"description": description, "headers": headers, "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Error"}, "example": {"error": error, "code": code},
        }}})
    };
    let retry = Some(("Retry-After", "RetryAfter"));
    json!({
        "BadRequest": answer("Something about the request is wrong; `details` names the fields",
            (400, "limit must be a whole number from 1 to 1000"), None),
        "Unauthenticated": answer("No account is proved by the headers; the cause is not told",
            (401, "Authentication failed: send X-Auth-ID and X-Auth-Token of an account"),
            Some(("WWW-Authenticate", "WwwAuthenticate"))),
        "NotTheOperator": answer("No operator is proved by the headers; the cause is not told",
            (401, "Authentication failed: send Authorization: Bearer with an operator token; \
                  `sipwarden operator-token create` makes one"),
            Some(("WWW-Authenticate", "WwwAuthenticateBearer"))),
        "Forbidden": answer("Another account's path, whether it exists or not, or a token whose scope excludes this",
            (403, "No access to that account; use the auth id of X-Auth-ID, or of a sub-account of it, in the path"), None),
        "NotFound": answer("The account has no such object", (404, "Credential not found"), None),
        "BodyTooSlow": answer("The body did not arrive in time",
            (408, "The body did not arrive in time; send it without pausing"), None),
        "BodyTooLarge": answer("The body is too large",
            (413, "The body is too large; send at most 65536 octets"), None),
        "TargetTooLong": answer("The request line is too long",
            (414, "The request line is too long; send a shorter path and query"), None),
        "NotJson": answer("The body does not say it is JSON",
            (415, "Send the body as JSON, with Content-Type: application/json"), None),
        "KeyUsed": answer("The idempotency key belongs to another request",
            (422, "that Idempotency-Key was used for another request; use a new one"), None),
        "TooManyRequests": answer("More requests than the server or the account's owner allows",
            (429, "Too many requests; wait 1 second"), Some(("Retry-After", "RetryAfter"))),
        "HeadersTooLarge": answer("The headers are too many or too long",
            (431, "The request's headers are too many or too long; send fewer or shorter ones"), None),
        "Internal": answer("A fault of the server",
            (500, "Internal error; give the operator the X-Request-ID of this answer, the log has the cause"), None),
        "Unavailable": answer("The server cannot serve this now",
            (503, "The storage is unavailable and nothing was changed; try again in a moment"), retry),
    })
}
