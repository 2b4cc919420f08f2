//! Whom a request is addressed to: the main host, an app's host, or nobody here.

use http::{HeaderMap, Uri, header};
use url::Url;

use crate::config;
use crate::model::{AppHost, AppName, ReleaseId, Shows};

/// Our own hosts.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// The main host's name, in lower case.
    main: String,
    /// `.<apps domain>`, in lower case.
    apps: String,
    /// `http` or `https`.
    scheme: String,
    /// `:PORT`, or nothing when it is the scheme's own.
    port: String,
}

/// Whom a request is addressed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The guides and everything of ours.
    Main,
    /// A name below the apps domain; `None` when it cannot be an app's.
    App(Option<AppHost>),
    /// A host that is not ours: 421 (RFC 9110, section 7.4).
    Unknown,
}

impl Hosts {
    /// The hosts that `server` configures.
    #[must_use]
    pub fn new(server: &config::Server) -> Self {
        let url: &Url = &server.public_url;
        Self {
            main: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            apps: format!(".{}", server.apps_domain.to_ascii_lowercase()),
            scheme: url.scheme().to_owned(),
            port: url.port().map(|port| format!(":{port}")).unwrap_or_default(),
        }
    }

    /// Reads the authority of an HTTP/2 request or the `Host` of an HTTP/1 request. Ports are passed over: what
    /// listens behind a forwarded port is still us.
    #[must_use]
    pub fn surface(&self, uri: &Uri, headers: &HeaderMap) -> Surface {
        let stated = match uri.authority() {
            Some(authority) => Some(authority.as_str().as_bytes()),
            None => headers.get(header::HOST).map(http::HeaderValue::as_bytes),
        };
        let Some(host) = stated.and_then(host_of) else { return Surface::Unknown };
        if host.eq_ignore_ascii_case(self.main.as_bytes()) {
            return Surface::Main;
        }
        let Some(cut) = host.len().checked_sub(self.apps.len()) else { return Surface::Unknown };
        let (label, domain) = host.split_at(cut);
        if label.is_empty() || label.contains(&b'.') || !domain.eq_ignore_ascii_case(self.apps.as_bytes()) {
            return Surface::Unknown;
        }
        let label = std::str::from_utf8(label).ok().map(str::to_ascii_lowercase);
        Surface::App(label.and_then(|label| label.parse().ok()))
    }

    /// The app's host that `authority` is, exactly as [`Hosts::app_authority`] writes it.
    #[must_use]
    pub fn app_of(&self, authority: &str) -> Option<AppHost> {
        let label = authority.strip_suffix(&self.port)?.strip_suffix(&self.apps)?;
        let host: AppHost = label.parse().ok()?;
        (self.app_authority(&host) == authority).then_some(host)
    }

    /// All apps' hosts as one source of a content security policy.
    #[must_use]
    pub fn all_apps(&self) -> String {
        format!("{}://*{}{}", self.scheme, self.apps, self.port)
    }

    /// The main host's origin (RFC 6454, section 6.2), such as `https://guides.example.org`.
    #[must_use]
    pub fn main_origin(&self) -> String {
        format!("{}://{}{}", self.scheme, self.main, self.port)
    }

    /// The authority of the main host: what its sessions are bound to.
    #[must_use]
    pub fn main_authority(&self) -> String {
        format!("{}{}", self.main, self.port)
    }

    /// The authority of an app's host: what its sessions are bound to.
    #[must_use]
    pub fn app_authority(&self, host: &AppHost) -> String {
        format!("{host}{}{}", self.apps, self.port)
    }

    /// The origin of an app's host.
    #[must_use]
    pub fn app_origin(&self, host: &AppHost) -> String {
        format!("{}://{}{}{}", self.scheme, host, self.apps, self.port)
    }

    /// Where an app is, with a slash at the end.
    #[must_use]
    pub fn app_url(&self, app: &AppName) -> String {
        self.preview_url(app, None)
    }

    /// Where one release of an app is, or the app itself without one.
    #[must_use]
    pub fn preview_url(&self, app: &AppName, release: Option<ReleaseId>) -> String {
        let shows = release.map_or(Shows::Current, Shows::Release);
        let host = AppHost { app: app.clone(), shows };
        format!("{}/", self.app_origin(&host))
    }
}

/// The host in `host[:port]`; nothing when there is anything else.
fn host_of(authority: &[u8]) -> Option<&[u8]> {
    let (host, port) = match authority.iter().rposition(|&byte| byte == b':') {
        Some(colon) => (&authority[..colon], &authority[colon + 1..]),
        None => (authority, &authority[..0]),
    };
    let plain = host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let numbered = authority.starts_with(b"[") && authority.ends_with(b"]");
    (plain && !numbered && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(host: &str) -> Surface {
        let hosts = Hosts::new(&config::Server::default());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        hosts.surface(&Uri::from_static("/"), &headers)
    }

    #[test]
    fn hosts_are_the_main_one_an_apps_or_unknown() {
        let app = |label: &str| Surface::App(Some(label.parse().unwrap()));
        assert_eq!(surface("localhost:8080"), Surface::Main);
        assert_eq!(surface("LOCALHOST"), Surface::Main);
        assert_eq!(surface("sales.localhost:8080"), app("sales"));
        assert_eq!(surface("Sales.Localhost"), app("sales"));
        assert_eq!(surface("x--y.localhost"), Surface::App(None));
        for unknown in [
            "",
            "example.org",
            "a.b.localhost",
            ".localhost",
            "localhost.",
            "localhost@x",
            "sales.localhost:80a",
            "[::1]",
        ] {
            assert_eq!(surface(unknown), Surface::Unknown, "{unknown}");
        }
    }

    #[test]
    fn addresses_follow_the_public_url() {
        let public_url = "https://guides.example.org/".parse().unwrap();
        let server =
            config::Server { public_url, apps_domain: "apps.example.org".into(), ..Default::default() };
        let hosts = Hosts::new(&server);
        assert_eq!(hosts.main_origin(), "https://guides.example.org");
        assert_eq!(hosts.app_url(&"sales".parse().unwrap()), "https://sales.apps.example.org/");
    }
}
