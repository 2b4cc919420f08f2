//! An OpenID provider that can be told to lie.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{digest, hmac};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use url::Url;

pub(crate) const CLIENT_ID: &str = "loggia-test";

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    /// With the RSA key.
    Rs256,
    /// With the elliptic curve key.
    Es256,
    /// Not at all: `alg` is `none`.
    None,
    /// By HMAC with the RSA key's public half, as its JWK text, for a secret.
    Hs256WithPublicKey,
    /// By HMAC with the client's secret.
    Hs256WithSecret,
    /// With another RSA key under the same name.
    OtherKey,
}

/// What it says, all of it true at first.
pub(crate) struct Lies {
    /// Put over the discovery document; `null` takes away.
    pub(crate) discovery: Value,
    /// Put over the token's header.
    pub(crate) header: Value,
    /// Put over the token's claims.
    pub(crate) claims: Value,
    /// What userinfo says.
    pub(crate) userinfo: Value,
    /// How the token is signed.
    pub(crate) signing: Signing,
    /// The name of the key it publishes.
    pub(crate) published_kid: &'static str,
    /// Whether it publishes a second RSA key, called `other`.
    pub(crate) publishes_other: bool,
    /// The token endpoint's answer instead of tokens.
    pub(crate) token_error: Option<(u16, Value)>,
    /// Whether the token answer holds an ID token.
    pub(crate) sends_id_token: bool,
    /// Whether every answer is 503.
    pub(crate) down: bool,
    /// How often the keys were asked for.
    pub(crate) keys_asked: usize,
    /// How often the discovery document was asked for.
    pub(crate) discovery_asked: usize,
    /// What the token endpoint was sent last, with the `Authorization` header under `authorization`.
    pub(crate) token_request: HashMap<String, String>,
    nonce: String,
}

/// Made once for all tests: making RSA keys takes a while.
static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    rsa: RsaKey::generate(KeySize::Rsa2048).unwrap(),
    other_rsa: RsaKey::generate(KeySize::Rsa2048).unwrap(),
    ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
});

struct Keys {
    rsa: RsaKey,
    other_rsa: RsaKey,
    ec: EcdsaKeyPair,
}

/// The provider, on a socket of its own.
#[derive(Clone)]
pub(crate) struct Forger {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    now: i64,
    lies: Mutex<Lies>,
}

impl Forger {
    /// Starts it; its tokens are issued at the second `now`.
    pub(crate) async fn start(now: i64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lies = Lies {
            discovery: json!({}),
            header: json!({}),
            claims: json!({}),
            userinfo: json!({"sub": "1", "email": "ann@example.org", "email_verified": true}),
            signing: Signing::Rs256,
            published_kid: "one",
            publishes_other: false,
            token_error: None,
            sends_id_token: true,
            down: false,
            keys_asked: 0,
            discovery_asked: 0,
            token_request: HashMap::new(),
            nonce: String::new(),
        };
        let inner = Inner { now, lies: Mutex::new(lies) };
        let forger = Self { address: listener.local_addr().unwrap(), inner: Arc::new(inner) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(forger.clone());
        tokio::spawn(super::serve(listener, router));
        forger
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn lies(&self) -> MutexGuard<'_, Lies> {
        self.inner.lies.lock().unwrap()
    }

    /// What a person's browser does at the authorization endpoint: answers the query it comes back with.
    pub(crate) fn visit(&self, location: &Url) -> String {
        let pairs: HashMap<_, _> = location.query_pairs().into_owned().collect();
        self.lies().nonce.clone_from(&pairs["nonce"]);
        format!("code=a-code&state={}", pairs["state"])
    }

    fn keys(&self) -> Value {
        let lies = self.lies();
        let (kid, other) = (lies.published_kid, lies.publishes_other);
        drop(lies);
        let point = KEYS.ec.public_key().as_ref();
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let rsa = |key: &RsaKey, kid: &str| {
            let public = key.public_key();
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
                   "n": encode(public.modulus().big_endian_without_leading_zero()),
                   "e": encode(public.exponent().big_endian_without_leading_zero())})
        };
        let mut keys = vec![
            rsa(&KEYS.rsa, kid),
            json!({"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": "curve",
                   "x": encode(&point[1..33]), "y": encode(&point[33..65])}),
        ];
        if other {
            keys.push(rsa(&KEYS.other_rsa, "other"));
        }
        json!({ "keys": keys })
    }

    fn id_token(&self) -> String {
        let lies = self.lies();
        let now = self.inner.now;
        let truth = json!({
            "iss": self.issuer(), "aud": CLIENT_ID, "sub": "1", "iat": now, "exp": now + 300,
            "nonce": lies.nonce, "email": "ann@example.org", "email_verified": true, "name": "Ann",
            "groups": ["analysts"],
        });
        let claims = over(truth, &lies.claims);
        drop(lies);
        self.sign(&claims)
    }

    /// Any claims, signed as it was told to.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let lies = self.lies();
        let (alg, kid) = match lies.signing {
            Signing::Rs256 | Signing::OtherKey => ("RS256", "one"),
            Signing::Es256 => ("ES256", "curve"),
            Signing::None => ("none", "one"),
            Signing::Hs256WithPublicKey | Signing::Hs256WithSecret => ("HS256", "one"),
        };
        let header = over(json!({"alg": alg, "typ": "JWT", "kid": kid}), &lies.header);
        let signing = lies.signing;
        drop(lies);
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let hmac = |secret: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()).as_ref().to_vec()
        };
        let rsa = |key: &RsaKey| {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
            signature
        };
        let signature = match signing {
            Signing::Rs256 => rsa(&KEYS.rsa),
            Signing::OtherKey => rsa(&KEYS.other_rsa),
            Signing::Es256 => {
                KEYS.ec.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            Signing::None => Vec::new(),
            Signing::Hs256WithPublicKey => hmac(self.keys()["keys"][0].to_string().as_bytes()),
            Signing::Hs256WithSecret => hmac(b"client secret"),
        };
        format!("{signed}.{}", encode(&signature))
    }
}

type Answer = (StatusCode, Json<Value>);

fn up(forger: &Forger, answer: impl FnOnce() -> Answer) -> Answer {
    let down = forger.lies().down;
    if down { (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))) } else { answer() }
}

async fn discovery(State(forger): State<Forger>) -> Answer {
    forger.lies().discovery_asked += 1;
    up(&forger, || {
        let issuer = forger.issuer();
        let truth = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // It claims more than we allow.
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        });
        (StatusCode::OK, Json(over(truth, &forger.lies().discovery)))
    })
}

async fn jwks(State(forger): State<Forger>) -> Answer {
    forger.lies().keys_asked += 1;
    up(&forger, || (StatusCode::OK, Json(forger.keys())))
}

async fn token(State(forger): State<Forger>, headers: HeaderMap, body: String) -> Answer {
    let mut request: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    if let Some(value) = headers.get("authorization") {
        request.insert("authorization".into(), value.to_str().unwrap().to_owned());
    }
    forger.lies().token_request = request;
    let error = forger.lies().token_error.clone();
    if let Some((status, body)) = error {
        return (StatusCode::from_u16(status).unwrap(), Json(body));
    }
    let mut answer = json!({"access_token": "an-access-token", "token_type": "Bearer"});
    let sends = forger.lies().sends_id_token;
    if sends {
        answer["id_token"] = json!(forger.id_token());
    }
    (StatusCode::OK, Json(answer))
}

async fn userinfo(State(forger): State<Forger>) -> Answer {
    (StatusCode::OK, Json(forger.lies().userinfo.clone()))
}

/// `truth` with every member of `lie` put over it; `null` takes the member away.
pub(crate) fn over(mut truth: Value, lie: &Value) -> Value {
    for (name, value) in lie.as_object().unwrap() {
        if value.is_null() {
            truth.as_object_mut().unwrap().remove(name);
        } else {
            truth[name] = value.clone();
        }
    }
    truth
}

/// The S256 challenge of `verifier`, computed apart from the code under test.
pub(crate) fn s256(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref())
}
