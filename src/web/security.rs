//! Security headers, one set a surface.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::host::Hosts;

/// The headers that pages of ours carry, made once.
#[derive(Clone, Debug)]
pub struct Policies {
    ours: HeaderMap,
    secure: bool,
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");
/// A year (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

impl Policies {
    /// The policies for these hosts. `form_targets` are other origins that forms of ours may end up at: the provider
    /// that sign-in redirects to.
    #[must_use]
    pub fn new(hosts: &Hosts, form_targets: &[String]) -> Self {
        let csp = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             media-src 'self'; object-src 'self'; connect-src 'self'; form-action 'self' {}; base-uri 'none'; \
             frame-ancestors 'none'",
            form_targets.join(" ")
        );
        let mut ours = HeaderMap::new();
        if let Ok(csp) = HeaderValue::from_str(csp.trim_end()) {
            ours.insert(header::CONTENT_SECURITY_POLICY, csp);
        }
        ours.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        ours.insert(header::REFERRER_POLICY, NO_REFERRER);
        ours.insert(CORP, SAME_ORIGIN);
        ours.insert(COOP, SAME_ORIGIN);
        let secure = hosts.main_origin().starts_with("https:");
        if secure {
            ours.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        Self { ours, secure }
    }

    /// Puts on everything that we wrote ourselves the strict set, where the answer does not state its own.
    pub fn put_on_ours(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.ours {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }

    /// Puts on an app's files what keeps one app from another, and nothing that an app could miss. Other sites may
    /// embed what is public.
    pub fn put_on_apps(&self, headers: &mut HeaderMap, public: bool) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if !public {
            headers.insert(CORP, SAME_ORIGIN);
        }
        if self.secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
    }
}
