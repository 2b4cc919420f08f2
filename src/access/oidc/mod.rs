//! Signing in with an OpenID provider: the authorization code flow with PKCE, state and nonce (OpenID Connect
//! Core 1.0, section 3.1).
//!
//! 1. [`Provider`] knows the provider by its discovery document, asked for when it is first needed.
//! 2. [`Provider::begin`] sends the browser there, and keeps what the answer must fit in a sealed cookie.
//! 3. [`Provider::finish`] turns what comes back into a [`Person`](crate::model::Person), or into a [`SignInError`] with a name.
//! 4. [`logout`] signs out, at the person's wish or at the provider's word.

mod claims;
mod discovery;
mod logout;

use http::HeaderMap;
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenFields, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use url::Url;

use crate::config::{self, Secret, is_loopback};
use crate::model::Entropy;

use super::sign_in::{Begun, HttpClient, HttpError, Pending, SignInError, SignedIn};
use super::{AccessError, Keyring, Parameters, ReturnPath};
use claims::OtherClaims;
use discovery::{Discovery, Known};
pub use logout::{LogoutError, SignedOut, Whose};

type TokenAnswer = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An OpenID provider and our registration with it.
#[derive(Debug)]
pub struct Provider {
    registration: config::Provider,
    callback: RedirectUrl,
    http: HttpClient,
    discovery: Discovery,
}

impl Provider {
    /// Prepares to sign people in; asks nothing of the provider yet. It will send people back to `callback`.
    pub fn new(registration: config::Provider, callback: &Url) -> Result<Self, AccessError> {
        let issuer = discovery::checked_issuer(&registration.issuer)?;
        let home = is_loopback(issuer.url());
        if callback.cannot_be_a_base() {
            return Err(AccessError::Callback(callback.to_string()));
        }
        Ok(Self {
            registration,
            callback: RedirectUrl::from_url(callback.clone()),
            http: HttpClient::new(home)?,
            discovery: Discovery::new(issuer, home),
        })
    }

    /// Its issuer, as every person's key has it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.registration.issuer
    }

    /// Begins a sign-in on the main host `host`, after which the person goes to `return_to`. Other sign-ins that
    /// this browser began stay possible.
    pub async fn begin(
        &self,
        headers: &HeaderMap,
        host: &str,
        return_to: &ReturnPath,
        keyring: &Keyring,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Begun, SignInError> {
        let known = self.discovery.known(&self.http, now).await?;
        let mut pending = Pending::read(headers, host, keyring, now);
        let secrets = pending.begin(&self.registration.name, return_to, now, entropy);
        let (state, nonce) = (secrets.state(), secrets.nonce());
        let (location, _, _) = self
            .client(&known)
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
                secrets.verifier(),
            )))
            .url();
        Ok(Begun { location, cookie: pending.cookie(host, keyring) })
    }

    /// Finishes a sign-in with the `query` that the provider sent the browser back with.
    pub async fn finish(
        &self,
        query: &str,
        headers: &HeaderMap,
        host: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let given = Parameters::parse(query);
        let state = given.get("state").ok_or(SignInError::Incomplete)?;
        let mut pending = Pending::read(headers, host, keyring, now);
        if pending.is_empty() {
            return Err(SignInError::NoCookie);
        }
        let (secrets, return_to) = pending.take(&self.registration.name, state).ok_or(SignInError::State)?;
        let known = self.discovery.known(&self.http, now).await?;
        self.check_answering_issuer(&given, &known)?;
        if let Some(error) = given.get("error") {
            return Err(SignInError::refused(error));
        }
        let code = given.get("code").ok_or(SignInError::Incomplete)?;
        let answer = self.exchange(&known, code, secrets.verifier()).await?;
        let ends_sessions = known.sign_out().is_some();
        let (person, provider_session) = self.person(known, &answer, secrets.nonce(), now).await?;
        let id_token =
            answer.id_token().filter(|_| ends_sessions).map(|token| Secret::new(token.to_string()));
        Ok(SignedIn { person, return_to, cookie: pending.cookie(host, keyring), provider_session, id_token })
    }

    /// RFC 9207, section 2.4: an answer that names its issuer must name this one, and a provider that says it
    /// always names itself must do so.
    fn check_answering_issuer(&self, given: &Parameters, known: &Known) -> Result<(), SignInError> {
        match given.get("iss") {
            Some(issuer) if issuer == self.registration.issuer => Ok(()),
            None if !known.names_itself() => Ok(()),
            Some(_) | None => Err(SignInError::AnsweringIssuer),
        }
    }

    async fn exchange(
        &self,
        known: &Known,
        code: &str,
        verifier: String,
    ) -> Result<TokenAnswer, SignInError> {
        let client = self.client(known);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| SignInError::Discovery("it names no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => SignInError::code_refused(answer.error().as_ref()),
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                SignInError::Unreadable("token answer")
            }
        })
    }

    fn client(&self, known: &Known) -> Client {
        let secret = self.registration.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let id = ClientId::new(self.registration.client_id.clone());
        let client = Client::from_provider_metadata(known.metadata.clone(), id, secret)
            .set_redirect_uri(self.callback.clone());
        match known.metadata.token_endpoint_auth_methods_supported() {
            Some(methods)
                if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) =>
            {
                client.set_auth_type(AuthType::RequestBody)
            }
            _ => client,
        }
    }
}
