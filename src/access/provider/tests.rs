use std::sync::LazyLock;

use http::HeaderValue;
use url::form_urlencoded::Serializer;

use super::super::session::tests::at;
use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CALLBACK: &str = "http://localhost:8080/-/sign-in/callback";

/// One for all tests: making its RSA key takes a while.
static PROVIDER: LazyLock<BuiltIn> = LazyLock::new(|| {
    let (home, callback) = (Url::parse("http://localhost:8080/").unwrap(), Url::parse(CALLBACK).unwrap());
    BuiltIn::new(&home, &callback, Entropy::system())
});

/// `pairs` as a form, with `change` in place of the one of its name.
fn form(mut pairs: Vec<(&str, String)>, change: (&'static str, &str)) -> Parameters {
    pairs.retain(|(name, _)| *name != change.0);
    pairs.push((change.0, change.1.to_owned()));
    Parameters::parse(&Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn asked(change: (&'static str, &str)) -> Parameters {
    let asked = Asked { state: "s".into(), nonce: "n".into(), challenge: Challenge::of(VERIFIER) };
    let mut pairs = PROVIDER.fields(&asked).to_vec();
    pairs.push(("email", "Ann@example.org".into()));
    pairs.push(("groups", "makers, analysts  makers".into()));
    form(pairs, change)
}

fn code(provider: &BuiltIn) -> String {
    let there = provider.submit(&asked(("x", "y")), at(100)).unwrap();
    assert!(there.as_str().starts_with(CALLBACK));
    let pairs: Vec<_> = there.query_pairs().into_owned().collect();
    assert_eq!(pairs[1], ("state".into(), "s".into()));
    assert_eq!(pairs[2], ("iss".into(), "http://localhost:8080/-/provider".into()));
    pairs[0].1.clone()
}

fn brought(
    provider: &BuiltIn,
    code: &str,
    change: (&'static str, &str),
    second: i64,
) -> Result<Value, TokenError> {
    let pairs = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", CLIENT_ID.to_owned()),
        ("client_secret", provider.secret.reveal().to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
        ("code", code.to_owned()),
    ];
    provider.token(&HeaderMap::new(), &form(pairs, change), at(second))
}

#[test]
fn the_page_repeats_what_was_asked() {
    let provider = &*PROVIDER;
    let asked = provider.authorize(&asked(("x", "y"))).unwrap();
    let again = form(provider.fields(&asked).to_vec(), ("x", "y"));
    assert_eq!(provider.authorize(&again).unwrap(), asked);
}

#[test]
fn only_this_site_with_pkce_may_ask() {
    let provider = &*PROVIDER;
    for change in [
        ("client_id", "else"),
        ("redirect_uri", "http://localhost:8080/-/sign-in/callback/"),
        ("redirect_uri", ""),
    ] {
        assert_eq!(provider.authorize(&asked(change)), Err(ProviderError::Client), "{change:?}");
    }
    for change in [
        ("response_type", "token"),
        ("scope", "email"),
        ("state", ""),
        ("nonce", ""),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
    ] {
        assert_eq!(provider.authorize(&asked(change)), Err(ProviderError::Request), "{change:?}");
    }
    let nobody = provider.submit(&asked(("email", "nobody")), at(1)).unwrap_err();
    assert!(nobody.to_string().contains("ann@example.org"), "{nobody}");
}

#[test]
fn a_code_works_once_within_a_minute_for_whoever_began() {
    let provider = &*PROVIDER;
    let first = code(provider);
    assert!(brought(provider, &first, ("x", "y"), 159).is_ok());
    assert_eq!(brought(provider, &first, ("x", "y"), 159), Err(TokenError::Grant));
    for (change, second) in
        [(("x", "y"), 160), (("code_verifier", &*"a".repeat(43)), 101), (("redirect_uri", "x"), 101)]
    {
        assert_eq!(brought(provider, &code(provider), change, second), Err(TokenError::Grant), "{change:?}");
    }
    assert_eq!(brought(provider, &code(provider), ("client_secret", "x"), 101), Err(TokenError::Client));
    assert_eq!(brought(provider, &code(provider), ("grant_type", "x"), 101), Err(TokenError::Request));
}

#[test]
fn userinfo_tells_what_the_form_said() {
    let provider = &*PROVIDER;
    let answer = brought(provider, &code(provider), ("x", "y"), 101).unwrap();
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(bearer).unwrap())]);
    let told = provider.userinfo(&headers, at(102)).unwrap();
    assert_eq!(told["email"], "ann@example.org");
    assert_eq!(told["groups"], json!(["analysts", "makers"]));
    assert_eq!(provider.userinfo(&headers, at(102 + 300)), None);
    assert_eq!(provider.userinfo(&HeaderMap::new(), at(102)), None);
}

#[test]
fn it_says_where_everything_is() {
    insta::assert_json_snapshot!(PROVIDER.discovery());
}
