//! What kind of browser asks, in words of ours: nothing of what it says of itself is repeated.

use http::HeaderMap;
use http::header::USER_AGENT;

/// The longest `User-Agent` that is looked at, in bytes.
const LONGEST: usize = 1024;

/// Browsers by what only they say, those that pose as others first.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// "Firefox on Windows", or as much of it as can be told.
pub(super) fn kind(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(USER_AGENT)?.to_str().ok().filter(|agent| agent.len() <= LONGEST)?;
    let among = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (among(&BROWSERS), among(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(only), None) | (None, Some(only)) => Some(only.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(agent: &'static str) -> Option<String> {
        kind(&HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(agent))]))
    }

    #[test]
    fn browsers_are_told_apart_though_each_names_the_others() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 \
                    Safari/537.36 Edg/143.0.0.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/18.0 Mobile/15E148 Safari/604.1";
        let fox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(of(edge).unwrap(), "Edge on Windows");
        assert_eq!(of(phone).unwrap(), "Safari on iPhone");
        assert_eq!(of(fox).unwrap(), "Firefox on Linux");
        assert_eq!(of("curl/8.5"), None);
        assert_eq!(of("<script>Linux"), Some("Linux".to_owned()));
    }
}
