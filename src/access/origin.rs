//! Requests that change something must come from our own pages.

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a browser's request may not change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// `Origin` is missing, came twice, or is another site's.
    #[error("this form was sent from another page; open the page again and send it from there")]
    Foreign,
    /// `Sec-Fetch-Site` is missing, as in browsers from before 2023.
    #[error("this browser does not say where the form came from; update it, or use another one")]
    Unsaid,
}

/// Passes only requests whose `Origin` is exactly `expected` (RFC 6454, section 7; `https://example.org`,
/// `http://localhost:8080`) and whose `Sec-Fetch-Site` is `same-origin` (W3C Fetch Metadata, section 2.3).
pub fn check_same_origin(headers: &HeaderMap, expected: &str) -> Result<(), OriginError> {
    if only(headers, &ORIGIN) != Some(expected.as_bytes()) {
        return Err(OriginError::Foreign);
    }
    match only(headers, &SEC_FETCH_SITE) {
        Some(b"same-origin") => Ok(()),
        Some(_) => Err(OriginError::Foreign),
        None => Err(OriginError::Unsaid),
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(pairs: &[(HeaderName, &'static str)]) -> Result<(), OriginError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        check_same_origin(&headers, "https://example.org")
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        let ours = (ORIGIN, "https://example.org");
        let same = (SEC_FETCH_SITE, "same-origin");
        assert_eq!(check(&[ours.clone(), same.clone()]), Ok(()));
        assert_eq!(check(std::slice::from_ref(&ours)), Err(OriginError::Unsaid));
        assert_eq!(check(std::slice::from_ref(&same)), Err(OriginError::Foreign));
        for origin in [
            "null",
            "",
            "https://example.org:443",
            "http://example.org",
            "https://sales.example.org",
            "https://example.org.evil.org",
            "https://EXAMPLE.org",
            "https://example.org/",
        ] {
            assert_eq!(check(&[(ORIGIN, origin), same.clone()]), Err(OriginError::Foreign), "{origin}");
        }
        for site in ["same-site", "cross-site", "none", "Same-Origin", ""] {
            assert_eq!(check(&[ours.clone(), (SEC_FETCH_SITE, site)]), Err(OriginError::Foreign), "{site}");
        }
        assert_eq!(check(&[ours.clone(), ours, same]), Err(OriginError::Foreign));
    }
}
