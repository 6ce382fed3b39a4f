//! Next hops, networks, rules and recipes of trunks in the console: what its forms say is what the API then tells.

use acceptance::{Answer, Api, ConsoleSession, Server, binary};
use serde_json::{Value, json};

const PASSWORD: &str = "Correct!Horse7";

struct House {
    _server: Server,
    api: Api,
    session: ConsoleSession,
    trunk: String,
}

impl House {
    fn new(server: Server) -> Self {
        let account = server.account("trunks");
        let api = server.api(&account);
        let made = api.send("POST", &api.path("trunks"), br#"{"name":"Carrier \"one\""}"#).expect(201);
        let trunk = made["trunk_id"].as_str().expect("an id").to_owned();
        let session = ConsoleSession::new(&server, &account);
        Self { _server: server, api, session, trunk }
    }

    fn page(&self, rest: &str) -> String {
        self.session.page(&format!("{}{rest}", self.session.base))
    }

    fn objects(&self, path: &str) -> Vec<Value> {
        self.api.send("GET", &self.api.path(path), b"").expect(200)["objects"].as_array().expect("a list").clone()
    }

    fn send(&self, method: &str, path: &str, body: &Value) {
        let answer = self.api.send(method, &self.api.path(path), body.to_string().as_bytes());
        assert!(answer.status < 300, "{path}: {}", answer.shown());
    }

    fn saved(&self, path: &str, fields: &[(&str, &str)]) {
        let answer = self.session.submit(path, fields);
        assert_eq!(answer.status, 303, "{path}: {}", answer.shown());
    }

    fn refused(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.session.submit(path, fields);
        assert_eq!(answer.status, 400, "{path}: {}", answer.shown());
        text(&answer)
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

#[test]
fn next_hops_are_added_changed_given_a_secret_and_deleted() {
    let house = House::new(Server::start());
    let new = [
        ("uri", "sip:gw.example.net"),
        ("transport", "tcp"),
        ("priority", "5"),
        ("weight", "20"),
        ("description", "<b>first</b>"),
    ];
    house.saved("/trunks/next-hops", &new);
    let hop = house.objects("trunks/origination-uris")[0].clone();
    let expected = json!(["sip:gw.example.net", "tcp", 5, 20, true, "<b>first</b>"]);
    let told = |hop: &Value| {
        json!([hop["uri"], hop["transport"], hop["priority"], hop["weight"], hop["enabled"], hop["description"]])
    };
    assert_eq!(told(&hop), expected);
    let path = format!("/trunks/next-hops/{}", id(&hop));
    assert!(house.page("/trunks").contains(&path));
    let page = house.page(&path);
    assert!(page.contains("none is attached to it yet") && !page.contains("<b>first"), "{page}");
    house.saved(&path, &[("uri", "sip:gw2.example.net"), ("transport", "udp"), ("priority", "0"), ("weight", "0")]);
    let changed = house.objects("trunks/origination-uris")[0].clone();
    assert_eq!(told(&changed), json!(["sip:gw2.example.net", "udp", 0, 0, false, ""]));
    for (field, value, said) in [
        ("uri", "gw", "The next hop"),
        ("priority", "70000", "The priority must be a whole number"),
        ("weight", "-1", "The weight must be a whole number"),
    ] {
        let fields: Vec<_> =
            new.iter().map(|(name, other)| (*name, if *name == field { value } else { other })).collect();
        assert!(house.refused(&path, &fields).contains(said), "{field}");
    }
    let secret =
        [("username", "us"), ("password", " Blanks-around it "), ("register", "1"), ("expires_seconds", "600")];
    house.saved(&format!("{path}/secret"), &secret);
    let page = house.page(&path);
    assert!(page.contains("we answer as <code>us</code>, and register there for 600 seconds"), "{page}");
    assert!(!page.contains("Blanks-around"), "{page}");
    for (field, value) in [("username", ""), ("password", ""), ("expires_seconds", "5")] {
        let fields: Vec<_> =
            secret.iter().map(|(name, other)| (*name, if *name == field { value } else { other })).collect();
        assert!(house.refused(&format!("{path}/secret"), &fields).contains("must"), "{field}");
    }
    house.saved(&format!("{path}/forget-secret"), &[]);
    assert!(house.page(&path).contains("we have no answer"));
    let attachments = json!({ "primary_uri": id(&hop) });
    house.send("PUT", &format!("trunks/{}/attachments", house.trunk), &attachments);
    let asked = house.page(&format!("{path}/delete"));
    assert!(asked.contains("its outbound calls are refused") && asked.contains("Carrier"), "{asked}");
    house.saved(&format!("{path}/delete"), &[]);
    assert_eq!(house.objects("trunks/origination-uris"), [] as [Value; 0]);
    assert_eq!(house.session.get(&format!("{}{path}", house.session.base)).status, 404);
}

#[test]
fn networks_are_added_changed_and_deleted() {
    let house = House::new(Server::start());
    house.saved("/trunks/networks", &[("network", "192.0.2.0/28"), ("description", "gateways")]);
    let entry = id(&house.objects("trunks/ip-acl")[0]);
    let path = format!("/trunks/networks/{entry}");
    house.saved(&path, &[("network", "198.51.100.7"), ("enabled", "1")]);
    let changed = house.objects("trunks/ip-acl")[0].clone();
    assert_eq!(changed["ip_address"], "198.51.100.7");
    assert_eq!(changed["enabled"], true);
    house.saved(&path, &[("network", "198.51.100.7")]);
    assert!(house.page(&path).contains("It lets nobody in"));
    assert!(house.refused(&path, &[("network", "0.0.0.0/0")]).contains("The network is too wide"));
    house.send("PUT", &format!("trunks/{}/attachments", house.trunk), &json!({ "ip_acls": [entry] }));
    let asked = house.page(&format!("{path}/delete"));
    assert!(asked.contains("takes no calls from there") && asked.contains("sipwarden acl delete"), "{asked}");
    house.saved(&format!("{path}/delete"), &[]);
    assert_eq!(house.objects("trunks/ip-acl"), [] as [Value; 0]);
}

#[test]
fn rules_are_those_of_the_form() {
    let house = House::new(Server::start());
    let rules = [
        ("caller_identity", "reject"),
        ("home_country_code", "49"),
        ("allowed_prefixes", "44, 1212"),
        ("refused_prefixes", "4490"),
        ("tech_prefix", "99"),
        ("minutes_per_day", "600"),
        ("refer", "refuse"),
        ("require_srtp", "1"),
    ];
    house.saved(&format!("/trunks/{}/rules", house.trunk), &rules);
    let path = house.api.path(&format!("trunks/{}/rules", house.trunk));
    let told = house.api.send("GET", &path, b"").expect(200);
    assert_eq!(told["allowed_prefixes"], json!(["44", "1212"]), "{told}");
    assert_eq!(told["refused_prefixes"], json!(["4490"]));
    assert_eq!((&told["tech_prefix"], &told["minutes_per_day"]), (&json!("99"), &json!(600)));
    assert_eq!((&told["require_srtp"], &told["international"]), (&json!(true), &json!(false)));
    assert_eq!(told["emergency_numbers"], json!(["112", "911"]), "the form said nothing of them");
    house.saved("/trunks/next-hops", &[("uri", "sip:gw.example.net")]);
    let hop = id(&house.objects("trunks/origination-uris")[0]);
    let more =
        [("emergency_numbers", "112 110"), ("emergency_uri", hop.as_str()), ("passed_headers", "Identity, X-Tag")];
    house.saved(&format!("/trunks/{}/rules", house.trunk), &[&rules[..], &more].concat());
    let told = house.api.send("GET", &path, b"").expect(200);
    assert_eq!(told["emergency_numbers"], json!(["112", "110"]));
    assert_eq!((&told["emergency_uri"], &told["passed_headers"]), (&json!(hop), &json!(["Identity", "X-Tag"])));
    let page = house.page(&format!("/trunks/{}", house.trunk));
    assert!(page.contains(&format!("<option value=\"{hop}\" selected>")), "{page}");
    let bad = [&rules[..], &[("passed_headers", "Authorization")]].concat();
    let said = house.refused(&format!("/trunks/{}/rules", house.trunk), &bad);
    assert!(said.contains("The header field Authorization"), "{said}");
}

/// The page shows what the command prints, filled in from the same trunk.
#[test]
fn recipes_are_those_of_the_command_line() {
    let server = Server::start_on_every_transport(&[]);
    let (http, account) = (server.http(), server.account("recipes"));
    let credential = server.api(&account).credential("agent_01", PASSWORD);
    let printed = |trunk: &str, product: &str| {
        let mut command = binary::command();
        command
            .args(["trunk", "show", trunk, "--for", product])
            .env("SIPWARDEN_URL", format!("http://{http}"))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
        String::from_utf8(command.output().expect("the binary").stdout).expect("UTF-8")
    };
    let api = server.api(&account);
    let made = api.send("POST", &api.path("trunks"), br#"{"name":"Voice <agents>"}"#).expect(201);
    let trunk = made["trunk_id"].as_str().expect("an id").to_owned();
    let session = ConsoleSession::new(&server, &account);
    let shown = |product: &str| session.page(&format!("{}/trunks/{trunk}/recipes/{product}", session.base));
    assert!(shown("asterisk").contains("The trunk has no credential for the other side"));
    let path = api.path(&format!("trunks/{trunk}/attachments"));
    let attached = api.send("PUT", &path, json!({ "credentials": [credential] }).to_string().as_bytes());
    assert_eq!(attached.status, 200, "{}", attached.shown());
    for product in ["asterisk", "freeswitch", "livekit", "vapi", "elevenlabs", "pipecat"] {
        let page = shown(product);
        let (_, rest) = page.split_once("<pre id=\"recipe\">").unwrap_or_else(|| panic!("{product}: {page}"));
        let (escaped, _) = rest.split_once("</pre>").expect("its end");
        let unescaped = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
            .iter()
            .fold(escaped.to_owned(), |text, (from, to)| text.replace(from, to));
        assert_eq!(lines(&unescaped, product), lines(&printed(&trunk, product), product), "{product}");
    }
    assert_eq!(session.get(&format!("{}/trunks/{trunk}/recipes/other", session.base)).status, 404);
}

/// JSON as its values: the command prints it anew.
fn lines(text: &str, product: &str) -> Value {
    if matches!(product, "asterisk" | "freeswitch") {
        json!(text.trim_end().lines().collect::<Vec<_>>())
    } else {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{product}: {error}: {text}"))
    }
}
