//! Parameters of a query or a form.

use std::fmt;

/// The most parameters that are looked at, and the longest text.
const MOST: usize = 64;
const LONGEST: usize = 64 << 10;

/// The parameters of a query or a form (`application/x-www-form-urlencoded`), each meant to be there once
/// (RFC 6749, section 3.1). Shows only its names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `encoded`, a query without its `?` or the body of a form. What is overlong is read as nothing.
    #[must_use]
    pub fn parse(encoded: &str) -> Self {
        if encoded.len() > LONGEST {
            return Self::default();
        }
        Self(
            url::form_urlencoded::parse(encoded.as_bytes())
                .take(MOST)
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }

    /// The parameters in `pairs`, as a form was read into them.
    #[must_use]
    pub fn from_pairs(mut pairs: Vec<(String, String)>) -> Self {
        pairs.truncate(MOST);
        Self(pairs)
    }

    /// The value of `name`; `None` when it is absent, empty, or there more than once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(its_name, _)| its_name == name);
        let (_, value) = values.next()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_counts_once_or_not_at_all() {
        let parameters = Parameters::parse("a=1&b=2&b=2&c=&d=x%20y+z");
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), None);
        assert_eq!(parameters.get("d"), Some("x y z"));
        assert_eq!(parameters.get("e"), None);
        assert_eq!(format!("{parameters:?}"), r#"["a", "b", "b", "c", "d"]"#);
        assert_eq!(Parameters::parse(&format!("a={}", "x".repeat(LONGEST))).get("a"), None);
    }
}
