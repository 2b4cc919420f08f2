//! Security headers, one set a surface.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::host::Hosts;
use crate::model::Settings;

/// The headers that pages of ours carry, made once.
#[derive(Clone, Debug)]
pub struct Policies {
    csp: String,
    ours: HeaderMap,
    secure: bool,
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("strict-origin-when-cross-origin");
/// A year (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const COEP: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const FRAMED_BY_ITSELF: HeaderValue = HeaderValue::from_static("frame-ancestors 'self'");
const FRAMED_BY_NOBODY: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

impl Policies {
    /// The policies for these hosts. `form_targets` are other sites that forms of ours may end up at, since browsers
    /// hold redirects after a form to the same rule: apps' hosts, the main host, and the identity provider.
    #[must_use]
    pub fn new(hosts: &Hosts, form_targets: &[String]) -> Self {
        let csp = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             media-src 'self'; object-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
             form-action 'self' {}",
            form_targets.join(" ")
        );
        let csp = csp.trim_end().to_owned();
        let mut ours = HeaderMap::new();
        if let Ok(csp) = HeaderValue::from_str(&csp) {
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
        Self { csp, ours, secure }
    }

    /// The content security policy for a page of ours whose form also ends up at `targets`.
    #[must_use]
    pub fn with_form_target(&self, targets: &str) -> HeaderValue {
        // A policy that cannot be written lets nothing through.
        let nothing = HeaderValue::from_static("default-src 'none'");
        HeaderValue::from_str(&format!("{} {targets}", self.csp)).unwrap_or(nothing)
    }

    /// Puts on everything that we wrote ourselves the strict set, where the answer does not state its own.
    pub fn put_on_ours(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.ours {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }

    /// Puts on an app's files what keeps one app from another, what its publisher set, and nothing else that an app
    /// could miss. Other sites may use what is public, and frame it only when its publisher says so. A policy of the
    /// publisher's own stands beside ours: browsers hold a page to both.
    pub fn put_on_apps(&self, headers: &mut HeaderMap, public: bool, settings: &Settings) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if !public {
            headers.insert(CORP, SAME_ORIGIN);
        }
        if self.secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        if settings.isolated {
            headers.insert(COOP, SAME_ORIGIN);
            headers.insert(COEP, HeaderValue::from_static("require-corp"));
        }
        headers.append(header::CONTENT_SECURITY_POLICY, frame_ancestors(settings));
        if let Some(csp) = settings.csp.as_deref().and_then(|csp| HeaderValue::from_str(csp).ok()) {
            headers.append(header::CONTENT_SECURITY_POLICY, csp);
        }
    }
}

/// Who may frame an app's pages: itself, or whom its publisher names.
fn frame_ancestors(settings: &Settings) -> HeaderValue {
    match settings.frame_ancestors.as_deref() {
        None => FRAMED_BY_ITSELF,
        Some([]) => FRAMED_BY_NOBODY,
        Some(sources) => {
            let text = format!("frame-ancestors {}", sources.join(" "));
            HeaderValue::from_str(&text).unwrap_or(FRAMED_BY_NOBODY)
        }
    }
}
