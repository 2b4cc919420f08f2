//! Signing in with GitHub: OAuth 2 with PKCE and state (RFC 6749, RFC 7636), and GitHub's API for who it is.
//!
//! 1. [`GitHub::begin`] sends the browser to GitHub.
//! 2. [`GitHub::finish`] takes the code back, and asks the API three things: who, with which addresses, in which
//!    organisations and teams.
//!
//! A person is the number that GitHub gives an account, which it never gives to another. Names of accounts change hands.

use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http::{Request, StatusCode};
use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::{self, keeps_secrets};
use crate::model::{Entropy, Person, Subject};

use super::sign_in::{
    Begun, HttpClient, HttpError, Pending, SignInError, SignedIn, Visit, admitted, bounded, shown_name,
};
use super::{AccessError, Parameters, ReturnPath};

/// What we ask to see: who it is, their addresses, and their organisations and teams.
const SCOPES: [&str; 3] = ["read:user", "user:email", "read:org"];
/// How many entries a page of the API has, and how many pages are asked for.
const PAGE: usize = 100;
const MOST_PAGES: usize = 5;

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// GitHub, and our registration with it.
#[derive(Debug)]
pub(super) struct GitHub {
    registration: config::Provider,
    organisations: Vec<String>,
    api: String,
    client: Client,
    http: HttpClient,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Organisation {
    login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    organization: Organisation,
}

impl GitHub {
    /// Prepares to sign people in; asks nothing of GitHub yet. It will send people back to `callback`.
    pub(super) fn new(
        registration: config::Provider,
        api: &str,
        organisations: &[String],
        callback: &Url,
    ) -> Result<Self, AccessError> {
        let home = |given: &str| -> Result<bool, AccessError> {
            let refuse = |rule| AccessError::Issuer { issuer: given.chars().take(200).collect(), rule };
            let url = Url::parse(given).map_err(|_| refuse("it is not a URL"))?;
            if keeps_secrets(&url) {
                Ok(url.scheme() == "http")
            } else {
                Err(refuse("it must start with `https://`"))
            }
        };
        let base = registration.issuer.as_str();
        let at = |path: &str| format!("{base}/login/oauth/{path}");
        let refuse = |_| AccessError::Issuer { issuer: base.to_owned(), rule: "it is not a URL" };
        let mut client = BasicClient::new(ClientId::new(registration.client_id.clone()))
            .set_auth_uri(AuthUrl::new(at("authorize")).map_err(refuse)?)
            .set_token_uri(TokenUrl::new(at("access_token")).map_err(refuse)?)
            .set_redirect_uri(RedirectUrl::from_url(callback.clone()));
        if let Some(secret) = &registration.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.reveal().to_owned()));
        }
        let http = HttpClient::new(home(base)? && home(api)?)?;
        let api = api.trim_end_matches('/').to_owned();
        Ok(Self { registration, organisations: organisations.to_vec(), api, client, http })
    }

    /// Its address, which people's keys have.
    pub(super) fn issuer(&self) -> &str {
        &self.registration.issuer
    }

    /// Sends the browser to GitHub.
    pub(super) fn begin(&self, visit: Visit<'_>, return_to: &ReturnPath, entropy: &Entropy) -> Begun {
        let mut pending = Pending::read(visit.headers, visit.host, visit.keyring, visit.now);
        let secrets = pending.begin(&self.registration.name, return_to, visit.now, entropy);
        let (state, verifier) = (secrets.state(), PkceCodeVerifier::new(secrets.verifier()));
        let (location, _) = self
            .client
            .authorize_url(move || CsrfToken::new(state))
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Begun { location, cookie: pending.cookie(visit.host, visit.keyring) }
    }

    /// Who it is that GitHub sent back with `query`.
    pub(super) async fn finish(&self, query: &str, visit: Visit<'_>) -> Result<SignedIn, SignInError> {
        let given = Parameters::parse(query);
        let state = given.get("state").ok_or(SignInError::Incomplete)?;
        let mut pending = Pending::read(visit.headers, visit.host, visit.keyring, visit.now);
        if pending.is_empty() {
            return Err(SignInError::NoCookie);
        }
        let (secrets, return_to) = pending.take(&self.registration.name, state).ok_or(SignInError::State)?;
        if let Some(error) = given.get("error") {
            return Err(SignInError::refused(error));
        }
        let code = given.get("code").ok_or(SignInError::Incomplete)?;
        let token = self.exchange(code, secrets.verifier()).await?;
        let person = self.person(&token).await?;
        let cookie = pending.cookie(visit.host, visit.keyring);
        Ok(SignedIn { person, return_to, cookie, provider_session: None, id_token: None })
    }

    async fn exchange(&self, code: &str, verifier: String) -> Result<AccessToken, SignInError> {
        let request = self
            .client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        match request.request_async(&self.http).await {
            Ok(answer) => Ok(answer.access_token().clone()),
            Err(RequestTokenError::ServerResponse(answer)) => Err(refused(&answer)),
            Err(RequestTokenError::Request(error)) => Err(error.into()),
            // GitHub says no with the status 200.
            Err(RequestTokenError::Parse(_, body)) => Err(serde_json::from_slice(&body)
                .map_or(SignInError::Unreadable("token answer"), |answer: BasicErrorResponse| {
                    refused(&answer)
                })),
            Err(RequestTokenError::Other(_)) => Err(SignInError::Unreadable("token answer")),
        }
    }

    async fn person(&self, token: &AccessToken) -> Result<Person, SignInError> {
        let account: Account = self.get("/user", token).await?;
        let addresses: Vec<Address> = self.all("/user/emails", token).await?;
        let primary = addresses.iter().find(|address| address.primary).ok_or(SignInError::NoEmail)?;
        let email = admitted(&self.registration, Some(&primary.email), Some(primary.verified))?;
        let groups = if self.organisations.is_empty() { Vec::new() } else { self.groups(token).await? };
        let subject = Subject { iss: self.registration.issuer.clone(), sub: account.id.to_string() };
        let name = account.name.as_deref().and_then(shown_name);
        Ok(Person { subject, groups: bounded(groups, &email), email, name })
    }

    /// `organisation` and `organisation/team`, of the organisations that were set: anybody can found one and call it like
    /// a group of somebody else's.
    async fn groups(&self, token: &AccessToken) -> Result<Vec<String>, SignInError> {
        let set = |organisation: &Organisation| {
            self.organisations.iter().any(|set| set.eq_ignore_ascii_case(&organisation.login))
        };
        let mut organisations: Vec<Organisation> = self.all("/user/orgs", token).await?;
        organisations.retain(set);
        if organisations.is_empty() {
            return Err(SignInError::Organisation);
        }
        let mut teams: Vec<Team> = self.all("/user/teams", token).await?;
        teams.retain(|team| set(&team.organization));
        let teams = teams.into_iter().map(|team| format!("{}/{}", team.organization.login, team.slug));
        Ok(organisations.into_iter().map(|organisation| organisation.login).chain(teams).collect())
    }

    /// Every entry of a list, over several pages.
    async fn all<T: DeserializeOwned>(&self, path: &str, token: &AccessToken) -> Result<Vec<T>, SignInError> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let mut entries: Vec<T> = self.get(&format!("{path}?per_page={PAGE}&page={page}"), token).await?;
            let last = entries.len() < PAGE;
            all.append(&mut entries);
            if last {
                break;
            }
        }
        Ok(all)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, token: &AccessToken) -> Result<T, SignInError> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.secret()));
        let mut bearer = bearer.map_err(|_| SignInError::Unreadable("token answer"))?;
        bearer.set_sensitive(true);
        let request = Request::get(format!("{}{path}", self.api))
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .body(Vec::new())
            .map_err(|_| SignInError::UserInfo)?;
        let answer = self.http.send(request).await.map_err(|error: HttpError| SignInError::from(error))?;
        match answer.status() {
            StatusCode::OK => {
                serde_json::from_slice(answer.body()).map_err(|_| SignInError::Unreadable("account"))
            }
            status if status.is_server_error() => Err(SignInError::Unavailable),
            _ => Err(SignInError::UserInfo),
        }
    }
}

fn refused(answer: &BasicErrorResponse) -> SignInError {
    match answer.error().as_ref() {
        "incorrect_client_credentials" => SignInError::Registration,
        code => SignInError::code_refused(code),
    }
}
