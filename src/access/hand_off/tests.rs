use super::super::session::tests::{ann, at, keyring, sent_back};
use super::*;

const HOST: &str = "sales.example.org";

fn main_session() -> Session {
    Session::begin(ann(), Duration::from_hours(8), at(0), &Entropy::seeded(9))
}

fn begun(headers: &HeaderMap, return_to: &str, seed: u64) -> Begun {
    begin(headers, HOST, &return_to.parse().unwrap(), &Entropy::seeded(seed))
}

fn query(path: &str) -> &str {
    path.split_once('?').unwrap().1
}

/// The main host's part: from `/-/enter` on it to the query at `/-/enter` on the app's host.
fn passed_on(begun: &Begun, at_second: i64) -> String {
    let arrival = Arrival::parse(query(begun.enter.as_str())).unwrap();
    let there = mint(&arrival, &main_session(), &keyring(), at(at_second), &Entropy::system());
    query(&there).to_owned()
}

fn redeemed(query: &str, headers: &HeaderMap, host: &str, second: i64) -> Result<Redeemed, HandOffError> {
    redeem(query, headers, host, Duration::from_hours(1), &keyring(), at(second))
}

#[test]
fn a_sign_in_becomes_a_session_on_the_apps_host() {
    let begun = begun(&HeaderMap::new(), "/report?year=2026&x=//y", 1);
    let code = passed_on(&begun, 100);
    let redeemed = redeemed(&code, &sent_back(&[&begun.cookie]), HOST, 130).unwrap();
    assert_eq!(redeemed.return_to.as_str(), "/report?year=2026&x=//y");
    assert_eq!(redeemed.session.person, ann());
    assert_eq!(redeemed.session.session, main_session().id);
    assert_eq!(redeemed.session.host, HOST);
    assert_eq!(redeemed.session.expires, at(3730));
}

#[test]
fn a_code_is_refused_at_every_other_host() {
    let begun = begun(&HeaderMap::new(), "/", 1);
    let code = passed_on(&begun, 100);
    for host in ["other.example.org", "sales.example.org:8080", "example.org"] {
        let refused = redeemed(&code, &sent_back(&[&begun.cookie]), host, 101);
        assert_eq!(refused, Err(HandOffError::Foreign), "{host}");
    }
}

#[test]
fn a_code_lasts_a_minute() {
    let begun = begun(&HeaderMap::new(), "/a", 1);
    let code = passed_on(&begun, 100);
    let headers = sent_back(&[&begun.cookie]);
    assert!(redeemed(&code, &headers, HOST, 159).is_ok());
    let late = redeemed(&code, &headers, HOST, 160).unwrap_err();
    assert_eq!(late.begin_again().unwrap().as_str(), "/a");
}

#[test]
fn a_code_works_only_in_the_browser_that_began() {
    let victim = begun(&HeaderMap::new(), "/a", 1);
    let thief = begun(&HeaderMap::new(), "/b", 2);
    let code = passed_on(&victim, 100);
    assert_eq!(redeemed(&code, &HeaderMap::new(), HOST, 101), Err(HandOffError::NoNonce));
    let stolen = redeemed(&code, &sent_back(&[&thief.cookie]), HOST, 101);
    assert_eq!(stolen, Err(HandOffError::OtherNonce { return_to: "/a".parse().unwrap() }));
    let twice = redeemed(&code, &sent_back(&[&victim.cookie, &victim.cookie]), HOST, 101);
    assert_eq!(twice, Err(HandOffError::NoNonce));
}

#[test]
fn every_code_has_an_id_of_its_own_to_burn() {
    let begun = begun(&HeaderMap::new(), "/", 1);
    let headers = sent_back(&[&begun.cookie]);
    let first = redeemed(&passed_on(&begun, 100), &headers, HOST, 101).unwrap();
    let second = redeemed(&passed_on(&begun, 100), &headers, HOST, 101).unwrap();
    assert_ne!(first.code_id, second.code_id);
}

#[test]
fn parallel_tabs_share_the_nonce() {
    let first = begun(&HeaderMap::new(), "/a", 1);
    let headers = sent_back(&[&first.cookie]);
    let second = begun(&headers, "/b", 2);
    let (second_code, first_code) = (passed_on(&second, 100), passed_on(&first, 100));
    assert_eq!(redeemed(&second_code, &headers, HOST, 101).unwrap().return_to.as_str(), "/b");
    assert_eq!(redeemed(&first_code, &headers, HOST, 101).unwrap().return_to.as_str(), "/a");
}

#[test]
fn an_app_session_never_outlives_the_main_session() {
    let begun = begun(&HeaderMap::new(), "/", 1);
    let almost = 8 * 3600 - 30;
    let code = passed_on(&begun, almost);
    let redeemed_then = redeemed(&code, &sent_back(&[&begun.cookie]), HOST, almost).unwrap();
    assert_eq!(redeemed_then.session.expires, main_session().expires);
    assert!(redeemed(&code, &sent_back(&[&begun.cookie]), HOST, almost + 31).is_err());
}

#[test]
fn the_nonce_itself_never_leaves_the_apps_host() {
    let begun = begun(&HeaderMap::new(), "/", 1);
    let header = begun.cookie.header();
    let nonce = header.to_str().unwrap().split(['=', ';']).nth(1).unwrap();
    assert!(!begun.enter.as_str().contains(nonce));
    assert!(begun.enter.as_str().contains(&Digest::of(nonce.as_bytes()).to_string()));
}

#[test]
fn an_overlong_return_path_becomes_the_start_page() {
    let begun = begun(&HeaderMap::new(), &format!("/{}", "%C3".repeat(600)), 1);
    let arrival = Arrival::parse(query(begun.enter.as_str())).unwrap();
    assert_eq!(arrival.return_to, ReturnPath::root());
    assert_eq!(arrival.host, HOST);
}

#[test]
fn hostile_arrivals_name_no_other_place() {
    let nonce = "0".repeat(64);
    let arrival = Arrival::parse(&format!("host=h&nonce={nonce}&return=//evil.org")).unwrap();
    assert_eq!(arrival.return_to, ReturnPath::root());
    for bad in
        ["", "host=h", &format!("nonce={nonce}"), &format!("host=h&host=i&nonce={nonce}"), "host=h&nonce=x"]
    {
        assert_eq!(Arrival::parse(bad), Err(HandOffError::Incomplete), "{bad}");
    }
    for bad in ["", "code=", "code=x&code=x"] {
        assert_eq!(redeemed(bad, &HeaderMap::new(), HOST, 1), Err(HandOffError::Incomplete), "{bad}");
    }
    assert_eq!(redeemed("code=abc", &HeaderMap::new(), HOST, 1), Err(HandOffError::Foreign));
}
