//! What every request shares.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{Response, header};

use super::asking::Askings;
use super::assets::Assets;
use super::body::Body;
use super::coded::Coded;
use super::context::Context;
use super::edition::Edition;
use super::editions::Editions;
use super::guesses::Guesses;
use super::host::Hosts;
use super::insights::Insights;
use super::live::Live;
use super::metrics::Metrics;
use super::notices::Notices;
use super::opened::OpenedSessions;
use super::request_log::{Answered, RequestLog};
use super::security::Policies;
use super::site::Sites;
use crate::access::sign_in::Ways;
use crate::access::{Keyring, Visitor, jobs, provider};
use crate::config::Config;
use crate::mail::Mailer;
use crate::model::{Clock, Entropy, Viewer};
use crate::releases::Releases;
use crate::theme::Theme;

/// Everything behind the pipeline. What changes is behind a swap: a request keeps the snapshot it met.
pub struct Loggia {
    /// As it was read at the start.
    pub config: Config,
    /// Our hosts.
    pub hosts: Hosts,
    /// Their security headers.
    pub policies: Policies,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Seals sessions and codes.
    pub keyring: Keyring,
    /// Sessions on apps' hosts that were opened already.
    pub opened: OpenedSessions,
    /// Apps and their releases.
    pub releases: Releases,
    /// Releases that are being served, made ready.
    pub sites: Sites,
    /// Encoded forms of their files.
    pub coded: Coded,
    /// Templates and assets.
    pub theme: Arc<Theme>,
    /// Its assets, ready to be sent.
    pub assets: Assets,
    /// The providers that people sign in with.
    pub sign_in: Ways,
    /// The CI services whose word about their jobs is believed.
    pub issuers: jobs::Issuers,
    /// The built-in one, in development mode.
    pub provider: Option<provider::BuiltIn>,
    /// Sends mail, where a server for it was named.
    pub mailer: Option<Mailer>,
    /// Tells people what concerns them.
    pub notices: Notices,
    /// Counts of what could be guessed.
    pub guesses: Guesses,
    /// The guides and their index.
    pub edition: Arc<ArcSwap<Edition>>,
    /// Held by whoever makes the next edition, so that none is lost.
    pub making: std::sync::Mutex<()>,
    /// Where they come from, when that is the bucket.
    pub editions: Option<Editions>,
    /// Tells open pages that a guide changed, in development mode.
    pub live: Live,
    /// As many searches at a time as there are processors: more would only make each other late.
    pub searches: Arc<tokio::sync::Semaphore>,
    /// Who asked to be let in, and how often.
    pub askings: Askings,
    /// Counts of what people search for.
    pub insights: Insights,
    /// Counters.
    pub metrics: Metrics,
    /// The line for every request, where that is wanted.
    pub request_log: Option<RequestLog>,
    /// What the storage is called at the start.
    pub storage: String,
    /// The routes below `/-/` on the main host.
    pub routes: axum::Router<Arc<Loggia>>,
    /// Where request ids start.
    pub request_ids: u64,
}

impl Loggia {
    /// The strict headers, on an answer of our own making.
    pub(super) fn on_our_pages(&self, mut response: Response<Body>) -> Response<Body> {
        self.policies.put_on_ours(response.headers_mut());
        response
    }

    /// `viewer`, who asks from this address now, as doors see them.
    pub(super) fn visitor<'v>(&'v self, viewer: &'v Viewer, from: IpAddr) -> Visitor<'v> {
        Visitor { viewer, from, access: &self.config.access, now: self.clock.now() }
    }

    /// Counts and logs an answer.
    pub(super) fn finish(&self, context: &Context, response: Response<Body>) -> Response<Body> {
        let took = context.begun.elapsed();
        self.metrics.count(response.status(), took.as_secs_f64());
        if let Some(log) = &self.request_log {
            let stated = response.headers().get(header::CONTENT_LENGTH);
            let size = match stated {
                Some(size) => size.to_str().ok().and_then(|size| size.parse().ok()),
                None => http_body::Body::size_hint(response.body()).exact(),
            };
            log.write(context, Answered { took, status: response.status(), size });
        }
        response
    }
}
