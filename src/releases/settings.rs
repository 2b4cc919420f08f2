//! What a publisher may set of an app, and the rules for it.

use serde_json::{Map, Value};

use crate::model::Settings;

use super::ReleaseError;
use super::publish::{InvalidRelease, check_text};

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;
/// The longest content security policy, in bytes.
const LONGEST_CSP: usize = 4000;
/// How many sites may frame an app, and the longest of them, in bytes.
const MOST_ANCESTORS: usize = 20;
const LONGEST_ANCESTOR: usize = 255;
/// The longest that files of earlier releases are served, in days.
const LONGEST_KEPT: u16 = 30;

/// `held` with what `patch` names: a value replaces, null takes away (RFC 7396).
pub(super) fn merge(held: &Settings, patch: &Map<String, Value>) -> Result<Settings, ReleaseError> {
    let unusable =
        |error: serde_json::Error| InvalidRelease::Setting { name: "settings", rule: error.to_string() };
    let Value::Object(mut merged) = serde_json::to_value(held).map_err(unusable)? else {
        return Ok(held.clone());
    };
    for (name, value) in patch {
        if value.is_null() {
            merged.remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
    }
    let settings: Settings = serde_json::from_value(Value::Object(merged)).map_err(unusable)?;
    check(&settings)?;
    Ok(settings)
}

fn check(settings: &Settings) -> Result<(), InvalidRelease> {
    let refuse = |name, rule: &str| Err(InvalidRelease::Setting { name, rule: rule.to_owned() });
    if let Some(description) = &settings.description {
        check_text("a description", description, LONGEST_DESCRIPTION)?;
    }
    if let Some(csp) = &settings.csp {
        let plain = csp.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !csp.contains(',');
        if !plain || csp.trim().is_empty() || csp.len() > LONGEST_CSP {
            return refuse("csp", "write one policy of at most 4,000 plain characters, without commas");
        }
    }
    let ancestors = settings.frame_ancestors.as_deref().unwrap_or_default();
    if ancestors.len() > MOST_ANCESTORS || !ancestors.iter().all(|source| is_source(source)) {
        return refuse(
            "frame_ancestors",
            "write at most 20 sites, such as `https://intranet.example.org`, or `'self'`",
        );
    }
    if ancestors.len() > 1 && ancestors.iter().any(|source| source == "'none'") {
        return refuse("frame_ancestors", "`'none'` stands alone");
    }
    if settings.keep_days.is_some_and(|days| days > LONGEST_KEPT) {
        return refuse("keep_days", "30 days are the most; 0 stops serving files of earlier releases");
    }
    Ok(())
}

/// `'self'`, `'none'`, `*`, or a scheme and host (Content Security Policy Level 3, section 2.3.1).
fn is_source(source: &str) -> bool {
    if matches!(source, "'self'" | "'none'" | "*") {
        return true;
    }
    let host = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://"));
    host.is_some_and(|host| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'*');
        !host.is_empty() && source.len() <= LONGEST_ANCESTOR && host.bytes().all(allowed)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(held: &Settings, patch: &Value) -> Result<Settings, String> {
        merge(held, patch.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_stays_and_null_takes_away() {
        let held = merged(&Settings::default(), &json!({"description": "d", "isolated": true})).unwrap();
        let next = merged(&held, &json!({"isolated": false, "fallback": "index.html"})).unwrap();
        assert_eq!(next.description.as_deref(), Some("d"));
        assert!(!next.isolated && next.fallback.is_some());
        assert_eq!(merged(&next, &json!({"description": null})).unwrap().description, None);
    }

    #[test]
    fn each_setting_has_its_rule() {
        for bad in [
            json!({"description": ""}),
            json!({"fallback": "../x"}),
            json!({"isolated": 1}),
            json!({"csp": "a\r\nSet-Cookie: x=y"}),
            json!({"csp": "default-src 'self', default-src *"}),
            json!({"frame_ancestors": ["javascript:"]}),
            json!({"frame_ancestors": ["https://a; script-src *"]}),
            json!({"frame_ancestors": ["'none'", "*"]}),
            json!({"keep_days": 31}),
            json!({"other": 1}),
        ] {
            assert!(merged(&Settings::default(), &bad).is_err(), "{bad}");
        }
        let fine = json!({"frame_ancestors": ["'self'", "https://*.example.org:8443"], "csp": "default-src 'self'", "keep_days": 0});
        assert!(merged(&Settings::default(), &fine).is_ok());
    }
}
