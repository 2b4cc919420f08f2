//! What the certification of Basic relying parties asks of a client of OpenID Connect, by the names of its tests: a row
//! each. The provider tampers, and the client must notice, or must not mind.

use serde_json::json;

use super::forger::{Forger, Lies, Signing};
use super::{NOW, SignInError, Site, sign_in, signed_in};

type Row = (&'static str, fn(&mut Lies), Result<(), SignInError>);

const UNREADABLE: Result<(), SignInError> = Err(SignInError::Unreadable("token answer"));

const ROWS: [Row; 21] = [
    ("oidcc-client-test", |_| (), Ok(())),
    (
        "oidcc-client-test-client-secret-basic",
        |lies| lies.discovery = json!({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}),
        Ok(()),
    ),
    ("oidcc-client-test-idtoken-sig-rs256", |lies| lies.signing = Signing::Rs256, Ok(())),
    ("oidcc-client-test-idtoken-sig-none", |lies| lies.signing = Signing::None, Err(SignInError::Algorithm)),
    (
        "oidcc-client-test-invalid-sig-rs256",
        |lies| lies.signing = Signing::OtherKey,
        Err(SignInError::Signature),
    ),
    (
        "oidcc-client-test-invalid-sig-hs256",
        |lies| lies.signing = Signing::Hs256WithSecret,
        Err(SignInError::Algorithm),
    ),
    (
        "oidcc-client-test-invalid-sig-es256",
        |lies| {
            lies.signing = Signing::Es256;
            lies.header = json!({"alg": "RS256"});
        },
        Err(SignInError::UnknownKey),
    ),
    ("oidcc-client-test-kid-absent-single-jwks", |lies| lies.header = json!({"kid": null}), Ok(())),
    (
        "oidcc-client-test-kid-absent-multiple-jwks",
        |lies| {
            lies.header = json!({"kid": null});
            lies.publishes_other = true;
        },
        Err(SignInError::UnknownKey),
    ),
    ("the kid decides among several keys", |lies| lies.publishes_other = true, Ok(())),
    (
        "another of the published keys does not sign for this one",
        |lies| {
            lies.publishes_other = true;
            lies.header = json!({"kid": "other"});
        },
        Err(SignInError::Signature),
    ),
    (
        "oidcc-client-test-invalid-iss",
        |lies| lies.claims = json!({"iss": "https://evil.org"}),
        Err(SignInError::Issuer),
    ),
    ("oidcc-client-test-missing-sub", |lies| lies.claims = json!({"sub": null}), UNREADABLE),
    ("oidcc-client-test-missing-aud", |lies| lies.claims = json!({"aud": null}), Err(SignInError::Audience)),
    (
        "oidcc-client-test-invalid-aud",
        |lies| lies.claims = json!({"aud": "another-site"}),
        Err(SignInError::Audience),
    ),
    ("oidcc-client-test-missing-iat", |lies| lies.claims = json!({"iat": null}), UNREADABLE),
    (
        "oidcc-client-test-nonce-invalid",
        |lies| lies.claims = json!({"nonce": "another"}),
        Err(SignInError::Nonce),
    ),
    ("oidcc-client-test-scope-userinfo-claims", |lies| lies.claims = json!({"email": null}), Ok(())),
    (
        "oidcc-client-test-userinfo-invalid-sub",
        |lies| {
            lies.claims = json!({"email": null});
            lies.userinfo = json!({"sub": "2", "email": "ann@example.org", "email_verified": true});
        },
        Err(SignInError::UserInfoSubject),
    ),
    (
        "oidcc-client-test-discovery-issuer-mismatch",
        |lies| lies.discovery = json!({"issuer": "https://evil.org"}),
        Err(SignInError::DiscoveryIssuer),
    ),
    (
        "oidcc-client-test-empty-sub",
        |lies| lies.claims = json!({"sub": ""}),
        Err(SignInError::Unreadable("`sub` claim")),
    ),
];

#[tokio::test]
async fn a_tampering_provider_is_noticed() {
    for (name, lie, expected) in ROWS {
        let came = signed_in(lie).await.map(|signed_in| {
            assert_eq!(signed_in.person.email.as_str(), "ann@example.org", "{name}");
        });
        assert_eq!(came, expected, "{name}");
    }
}

#[tokio::test]
async fn keys_that_rotate_between_and_during_sign_ins_are_found() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    sign_in(&site, &forger, NOW).await.unwrap();
    // oidcc-client-test-signing-key-rotation: between two sign-ins.
    forger.lies().published_kid = "two";
    forger.lies().header = json!({"kid": "two"});
    sign_in(&site, &forger, NOW + 61).await.unwrap();
    // oidcc-client-test-signing-key-rotation-just-before-signing: while somebody is at the provider.
    let (location, headers) = site.begin("/", NOW + 122).await.unwrap();
    forger.lies().published_kid = "three";
    forger.lies().header = json!({"kid": "three"});
    let query = forger.visit(&location);
    assert!(site.finish(&query, &headers, NOW + 152).await.is_ok());
    assert_eq!(forger.lies().keys_asked, 3);
}

#[tokio::test]
async fn a_clock_five_minutes_off_is_told_or_harmless() {
    // The provider's clock is ahead: its token is from the future.
    let ahead = |lies: &mut Lies| lies.claims = json!({"iat": NOW + 300, "exp": NOW + 600});
    assert_eq!(signed_in(ahead).await.map(|_| ()), Err(SignInError::IssuedAt));
    // It is behind, and its tokens last five minutes: the last of them still counts.
    let behind = |lies: &mut Lies| lies.claims = json!({"iat": NOW - 300, "exp": NOW});
    assert_eq!(signed_in(behind).await.map(|_| ()), Ok(()));
    let further = |lies: &mut Lies| lies.claims = json!({"iat": NOW - 361, "exp": NOW - 61});
    assert_eq!(signed_in(further).await.map(|_| ()), Err(SignInError::Expired));
}

#[tokio::test]
async fn servers_whose_clocks_differ_by_five_minutes_share_a_sign_in() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    let (location, headers) = site.begin("/", NOW + 300).await.unwrap();
    let query = forger.visit(&location);
    assert!(site.finish(&query, &headers, NOW).await.is_ok());
}
