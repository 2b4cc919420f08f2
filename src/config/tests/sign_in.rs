//! Several ways to sign in, and the mail that one of them needs.

use super::*;

/// What every server for other people has.
const SERVER: &str = r#"
[server]
public_url = "https://loggia.example.org"
apps_domain = "apps.example.org"
[storage]
url = "store"
"#;

fn configured(more: &str) -> Given {
    let text: &'static str = Box::leak(format!("{SERVER}{more}").into_boxed_str());
    Given::file(text).variable("LOGGIA_SIGN_IN_SESSION_KEYS", "a-key-of-more-than-32-characters-0123456789")
}

const SEVERAL: &str = r#"
[[sign_in.provider]]
name = "staff"
label = "Ministry account"
issuer = "https://login.example.org/realms/staff"
client_id = "loggia"
groups_claim = "realm_access.roles"
domains = ["Example.org"]
audiences = ["api"]
verified_email = false

[[sign_in.provider]]
name = "github"
kind = "github"
client_id = "ours"
organisations = ["ministry"]

[sign_in.email]
domains = ["partner.example"]

[mail]
server = "smtp.example.org"
from = "Guidance <no-reply@example.org>"
"#;

#[test]
fn several_ways_to_sign_in_are_read() {
    let config = configured(SEVERAL)
        .variable("LOGGIA_SIGN_IN_PROVIDER_1_CLIENT_SECRET", "hunter4")
        .variable("LOGGIA_SIGN_IN_PROVIDER_2_CLIENT_SECRET", "hunter5")
        .variable("LOGGIA_MAIL_USER", "loggia")
        .variable("LOGGIA_MAIL_PASSWORD", "hunter6")
        .load()
        .unwrap();
    assert!(!config.development);
    let [staff, github] = config.sign_in.providers.as_slice() else { panic!("two providers") };
    assert_eq!((staff.name.as_str(), staff.label.as_str()), ("staff", "Ministry account"));
    assert_eq!(staff.client_secret.as_ref().unwrap().reveal(), "hunter4");
    assert_eq!(staff.callback_path(), "/-/sign-in/callback/staff");
    assert_eq!((staff.groups_claim.as_str(), staff.verified_email), ("realm_access.roles", false));
    assert_eq!(
        (staff.domains.as_slice(), staff.audiences.as_slice()),
        (&["example.org".to_owned()][..], &["api".to_owned()][..])
    );
    let kind =
        ProviderKind::GitHub { api: "https://api.github.com".into(), organisations: vec!["ministry".into()] };
    assert_eq!(
        (&github.kind, github.label.as_str(), github.issuer.as_str()),
        (&kind, "GitHub", "https://github.com")
    );
    let email = EmailCodes { domains: vec!["partner.example".into()], granted: true };
    assert_eq!(config.sign_in.email, Some(email));
    let mail = config.mail.as_ref().unwrap();
    assert_eq!((mail.port, mail.security), (587, MailSecurity::StartTls));
    assert_eq!(mail.login.as_ref().unwrap().1.reveal(), "hunter6");
    assert!(!format!("{config:?}").contains("hunter"));
}

#[test]
fn an_enterprise_server_has_its_api_below_itself() {
    let text = "[[sign_in.provider]]\nname = \"code\"\nkind = \"github\"\nclient_id = \"x\"\n\
                issuer = \"https://github.example.org/\"\n";
    let config = configured(text).variable("LOGGIA_SIGN_IN_PROVIDER_1_CLIENT_SECRET", "s").load().unwrap();
    let provider = &config.sign_in.providers[0];
    assert_eq!(
        (provider.issuer.as_str(), provider.label.as_str()),
        ("https://github.example.org", "github.example.org")
    );
    let api = "https://github.example.org/api/v3".to_owned();
    assert_eq!(provider.kind, ProviderKind::GitHub { api, organisations: Vec::new() });
}

#[test]
fn one_provider_and_tables_stand_side_by_side() {
    let text = "[sign_in]\nissuer = \"https://a.example\"\nclient_id = \"x\"\n[[sign_in.provider]]\nname = \"b\"\n\
                issuer = \"https://b.example\"\nclient_id = \"y\"\n";
    let config = configured(text).load().unwrap();
    let names: Vec<_> = config.sign_in.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, ["main", "b"]);
}

#[test]
fn mail_alone_can_be_a_way_to_sign_in() {
    let text = "[sign_in.email]\ngranted = true\n[mail]\nserver = \"localhost\"\nsecurity = \"none\"\nport = 2525\n\
                from = \"a@example.org\"\n";
    let config = configured(text).load().unwrap();
    assert!(!config.development && config.sign_in.providers.is_empty());
    assert_eq!(config.mail.unwrap().port, 2525);
}

#[test]
fn every_mistake_in_ways_to_sign_in_is_told_with_its_place() {
    let text = r#"
[sign_in]
client_id = "left over"

[sign_in.email]
granted = false

[mail]
server = "smtp.example.org"
security = "none"
user = "loggia"
"#;
    insta::assert_snapshot!("mistakes_of_sections", configured(text).mistakes());
    let flat = configured("[sign_in]\nprovider = \"staff\"\nemail = true\n");
    insta::assert_snapshot!("sections_written_as_settings", flat.mistakes());
    let empty = configured("[[sign_in.provider]]\n");
    insta::assert_snapshot!("a_table_without_settings", empty.mistakes());
    let text = r#"
[[sign_in.provider]]
name = "Staff"
issuer = "http://login.example.org"
client_id = "x"

[[sign_in.provider]]
name = "two"
issuer = "https://two.example"
organisations = ["x"]

[[sign_in.provider]]
name = "two"
kind = "github"
client_id = "x"
groups_claim = "x"
api = "http://api.example"

[[sign_in.provider]]
issuer = "https://two.example"
client_id = "x"
client_secret = "hunter7"
nmae = "four"
"#;
    let mistakes = configured(text).mistakes();
    assert!(!mistakes.contains("hunter"));
    insta::assert_snapshot!("mistakes_that_are_seen_first", mistakes);
    let whole = text.replace("client_secret = \"hunter7\"\nnmae", "name").replace("\"Staff\"", "\"staff\"");
    insta::assert_snapshot!("mistakes_of_tables", configured(&whole).mistakes());
    let twice = "[[sign_in.provider]]\nname = \"a\"\nissuer = \"https://a.example\"\nclient_id = \"x\"\n";
    insta::assert_snapshot!("tables_that_are_alike", configured(&twice.repeat(2)).mistakes());
    let lone = configured(twice)
        .variable("LOGGIA_MAIL_FROM", "a@example.org")
        .variable("LOGGIA_SIGN_IN_EMAIL_GRANTED", "true");
    insta::assert_snapshot!("mail_without_a_server", lone.mistakes());
}

#[test]
fn a_provider_may_put_nobody_in_a_group() {
    let text = "[[sign_in.provider]]\nname = \"b\"\nissuer = \"https://b.example\"\nclient_id = \"y\"\ngroups_claim = \"\"\n";
    let config = configured(text).variable("LOGGIA_SIGN_IN_PROVIDER_1_CLIENT_SECRET", "s").load().unwrap();
    assert_eq!(config.sign_in.providers[0].groups_claim, "");
}
