//! Devices, links and desk phones in the console: what its forms make is what phones then use, and what they end is over.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Answer, ConsoleSession, Server};
use serde_json::Value;

const PASSWORD: &str = "Correct!Horse7";

struct House {
    server: Server,
    account: Account,
    credential: String,
    session: ConsoleSession,
}

impl House {
    fn new() -> Self {
        let server = Server::start();
        let account = server.account("Northwind \"Traders\"");
        let credential = server.api(&account).credential("desk", PASSWORD);
        let session = ConsoleSession::new(&server, &account);
        Self { server, account, credential, session }
    }

    fn devices(&self) -> Vec<Value> {
        let api = self.server.api(&self.account);
        let listed = api.send("GET", &api.path(&format!("credentials/{}/devices", self.credential)), b"").expect(200);
        listed["objects"].as_array().expect("a list").clone()
    }

    /// The id of the device of that label.
    fn device(&self, label: &str) -> String {
        let devices = self.devices();
        let found = devices.iter().find(|device| device["label"] == label);
        found.and_then(|device| device["id"].as_str()).unwrap_or_else(|| panic!("{label}: {devices:?}")).to_owned()
    }

    fn path(&self, rest: &str) -> String {
        format!("/credentials/{}/{rest}", self.credential)
    }

    fn page(&self, rest: &str) -> String {
        self.session.page(&format!("{}{rest}", self.session.base))
    }

    fn register(&self, password: &str) -> u16 {
        let address = self.server.sip(Transport::Udp);
        HandmadePhone::new(Transport::Udp, address, &self.account.sip_domain, "desk", password).register(60).status
    }

    /// What a phone fetches at that address.
    fn fetch(&self, url: &str) -> Answer {
        let path = url.strip_prefix(&format!("http://{}", self.server.http())).unwrap_or_else(|| panic!("{url}"));
        self.session.api.send_as("GET", path, &[], b"")
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// What stands between two texts.
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {text}")).0.to_owned()
}

#[test]
fn a_device_is_added_rotated_and_revoked() {
    let house = House::new();
    let made = house.session.submit(&house.path("devices"), &[("label", "Ann's <b>mobile</b>")]);
    assert_eq!(made.status, 201, "{}", made.shown());
    let page = text(&made);
    assert!(!page.contains("<b>mobile") && page.contains(&house.account.sip_domain), "{page}");
    let password = between(&page, "id=\"password\" class=\"big\">", "<");
    assert_eq!(house.register(&password), 200);
    let list = house.page(&house.path("devices"));
    assert!(list.contains("state good\">online") && !list.contains(&password), "{list}");
    assert!(house.page(&format!("/credentials/{}", house.credential)).contains("mobile&#60;/b&#62;"));

    let device = house.device("Ann's <b>mobile</b>");
    let asked = house.page(&house.path(&format!("devices/{device}/rotate")));
    assert!(asked.contains("stays offline until the new one is typed in"), "{asked}");
    assert!(asked.contains(&format!("sipwarden device rotate desk {device}")), "{asked}");
    let rotated = house.session.submit(&house.path(&format!("devices/{device}/rotate")), &[]);
    assert_eq!(rotated.status, 201, "{}", rotated.shown());
    let second = between(&text(&rotated), "id=\"password\" class=\"big\">", "<");
    assert_eq!((house.register(&password), house.register(&second), house.register(PASSWORD)), (401, 200, 200));

    let device = house.device("Ann's <b>mobile</b>");
    let revoked = house.session.submit(&house.path(&format!("devices/{device}/revoke")), &[]);
    let expected = format!("{}{}?done=device-revoked", house.session.base, house.path("devices"));
    assert_eq!((revoked.status, revoked.header("location")), (303, Some(expected.as_str())));
    assert_eq!((house.register(&second), house.register(PASSWORD)), (401, 200));
    assert!(house.page(&house.path("devices?done=device-revoked")).contains("No node accepts its password any more"));
    assert_eq!(house.devices(), [] as [Value; 0]);
    // Its page is gone for whoever left it open.
    assert_eq!(house.session.submit(&house.path(&format!("devices/{device}/revoke")), &[]).status, 404);
}

#[test]
fn what_is_wrong_is_said_at_its_form_with_what_was_typed() {
    let house = House::new();
    for (path, fields, said) in [
        ("devices", &[("label", " ")][..], "The label must have 1 to 64 octets"),
        ("devices/desk-phones", &[("label", "a"), ("mac", "12"), ("format", "snom")], "The hardware address must be"),
        ("devices/desk-phones", &[("label", "a"), ("mac", "805ec012abcd")], "The format must be yealink"),
        ("links", &[("label", "a"), ("app", "1")], "An app that fetches the link cannot choose"),
        ("links", &[("label", "a"), ("seconds", "0")], "Choose for how long the link is good"),
        ("links", &[("label", "a"), ("format", "nokia")], "Choose a phone or app of the list"),
    ] {
        let answer = house.session.submit(&house.path(path), fields);
        let page = text(&answer);
        assert_eq!(answer.status, 422, "{path}: {page}");
        assert_eq!(page.matches("role=\"alert\"").count(), 1, "{path}: {page}");
        assert!(page.contains(said), "{path}: {page}");
        assert!(fields.iter().all(|(name, value)| *name != "mac" || page.contains(&format!("value=\"{value}\""))));
    }
    for number in 0..10 {
        assert_eq!(house.session.submit(&house.path("devices"), &[("label", &format!("phone {number}"))]).status, 201);
    }
    let full = house.session.submit(&house.path("devices"), &[("label", "one too many")]);
    assert_eq!(full.status, 422);
    assert!(text(&full).contains("The credential has 10 devices already"), "{}", text(&full));
    assert!(house.page(&house.path("devices")).contains("which is all it may have"));
}

#[test]
fn a_link_is_shown_once_and_makes_the_device_that_it_is_for() {
    let house = House::new();
    let made = house.session.submit(&house.path("links"), &[("label", "Kitchen"), ("seconds", "3600")]);
    assert_eq!(made.status, 201, "{}", made.shown());
    let page = text(&made);
    let link = between(&page, "id=\"link\" class=\"big\">", "<");
    assert!(page.contains("role=\"img\" aria-label=\"The link as a QR code\"><path d=\"M"), "{page}");
    assert!(page.contains("It leads to this machine only"), "{page}");
    assert!(!made.header("content-security-policy").is_some_and(|policy| policy.contains("unsafe")));
    assert_eq!(house.fetch(&link).status, 200, "a look spends nothing");
    let list = house.page(&house.path("devices"));
    let token = link.rsplit('/').next().expect("a token");
    assert!(list.contains("Kitchen") && !list.contains(token), "{list}");
    let path = link.strip_prefix(&format!("http://{}", house.server.http())).expect("a link to the server");
    let spent = house.session.api.send_as("POST", path, &[acceptance::console_session::FORM], b"delivery=page");
    let password = between(&text(&spent), "<dt>Password</dt><dd>", "</dd>");
    assert_eq!(house.register(&password), 200);
    assert!(house.device("Kitchen").len() > 30);

    let opened = house.session.submit(&house.path("links"), &[("label", "app"), ("format", "snom"), ("app", "1")]);
    let link = between(&text(&opened), "id=\"link\" class=\"big\">", "<");
    let list = house.page(&house.path("devices"));
    assert!(list.contains("whoever fetches it first") && list.contains("Snom"), "{list}");
    let id = between(&list, &format!("{}/links/", house.path("").trim_end_matches('/')), "/withdraw");
    let withdrawn = house.session.submit(&house.path(&format!("links/{id}/withdraw")), &[]);
    assert_eq!(withdrawn.status, 303, "{}", withdrawn.shown());
    assert_eq!(house.fetch(&link).status, 404);
    assert!(!house.server.stderr().contains(token), "a token in the log");

    // Behind a proxy that speaks HTTPS, links are as its browser has it.
    let token = house.session.form_token();
    let origin = format!("https://{}", house.server.http());
    let fields = [("form_token", token.as_str()), ("label", "behind a proxy")];
    let path = format!("{}{}", house.session.base, house.path("links"));
    let made = house.session.post(&path, &[("Origin", &origin)], &fields);
    assert!(text(&made).contains(&format!("class=\"big\">{origin}/provision/")), "{}", text(&made));
}

#[test]
fn desk_phones_come_many_at_once_and_fetch_from_a_folder_that_can_be_replaced() {
    let house = House::new();
    let rows = "username,mac,format,label\r\n\
                desk,80:5e:c0:12:ab:cd,yealink,Reception, ground floor\r\n\
                # a remark\r\n\
                nobody,80:5e:c0:12:ab:ce,snom,Lobby\r\n\
                desk,805ec012abcf,snom,<i>Lobby</i>\r\n\
                desk,805ec012abcd,snom,again\r\n\
                desk,zz,snom,no address";
    let imported = house.session.submit("/desk-phones", &[("rows", rows)]);
    let page = text(&imported);
    assert_eq!(imported.status, 422, "{page}");
    assert!(page.contains("2 desk phones were added"), "{page}");
    for fault in [
        "line 4: There is no credential of the username nobody",
        "line 6: Another device of the account is that desk phone",
        "line 7: The hardware address must be",
    ] {
        assert!(page.contains(fault), "{fault}: {page}");
    }
    let left = between(&page, "aria-describedby=\"rows-hint\">", "</textarea>");
    assert_eq!(left.lines().count(), 3, "{left}");
    assert_eq!(house.devices().len(), 2);

    let folder = between(&page, "id=\"folder\" class=\"big\">", "<");
    for line in [format!("dhcp-option=66,\"{folder}\""), format!("option tftp-server-name \"{folder}\";")] {
        assert!(page.contains(&line), "{line}: {page}");
    }
    let first = house.fetch(&format!("{folder}805ec012abcd.cfg"));
    let password = between(&text(&first), "account.1.password = ", "\n");
    assert_eq!(house.register(&password), 200);

    let device = house.device("Reception, ground floor");
    let rotated = house.session.submit(&house.path(&format!("devices/{device}/rotate")), &[]);
    assert_eq!(rotated.status, 303, "{}", rotated.shown());
    assert_eq!(house.register(&password), 401);
    let second = between(&text(&house.fetch(&format!("{folder}805ec012abcd.cfg"))), "account.1.password = ", "\n");
    assert_eq!(house.register(&second), 200, "it is what the phone fetches at its next boot");

    assert!(house.page("/desk-phones/replace").contains("fetch nothing at their next boot"));
    assert_eq!(house.session.submit("/desk-phones/replace", &[]).status, 303);
    assert_eq!(house.fetch(&format!("{folder}805ec012abcd.cfg")).status, 404);
    let other = between(&house.page("/desk-phones"), "id=\"folder\" class=\"big\">", "<");
    assert_ne!(other, folder);
    assert_eq!(house.fetch(&format!("{other}805ec012abcd.cfg")).status, 200);
    let one = [("label", "Desk 2"), ("mac", "80-5E-C0-12-AB-D0"), ("format", "grandstream")];
    assert_eq!(house.session.submit(&house.path("devices/desk-phones"), &one).status, 303);
    assert_eq!(house.fetch(&format!("{other}cfg805ec012abd0.xml")).status, 200);
}
