//! What is asked, as an address says it. Whatever does not parse counts as left out, so no address is wrong.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use crate::search::{Kind, Mode};

/// How much of a question counts, in characters.
const LONGEST: usize = 512;

/// The parameters of `/-/search` and `/-/search.json`; of one that comes twice, the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Asked {
    /// `q`: the question.
    pub(super) query: String,
    /// `in`: only guides or only apps.
    pub(super) within: Option<Kind>,
    /// `verbatim=1`: the words as they are typed, without corrections and synonyms.
    pub(super) verbatim: bool,
    /// `typing=1` while somebody types.
    pub(super) mode: Mode,
    /// `limit`: how many hits.
    pub(super) limit: Option<usize>,
    /// `offset`: how many hits to skip.
    pub(super) offset: usize,
    /// `page`: which page of hits, from 1.
    pub(super) page: usize,
}

impl Asked {
    /// Reads what follows the `?`.
    fn parse(query: &str) -> Self {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(given, _)| given == name).map(|(_, value)| value)
        };
        let number = |name: &str| value(name).and_then(|value| value.trim().parse().ok());
        let flag = |name: &str| value(name).as_deref() == Some("1");
        Self {
            query: value("q").unwrap_or_default().chars().take(LONGEST).collect(),
            within: match value("in").as_deref() {
                Some("guides") => Some(Kind::Guide),
                Some("apps") => Some(Kind::App),
                _ => None,
            },
            verbatim: flag("verbatim"),
            mode: if flag("typing") { Mode::Typing } else { Mode::Whole },
            limit: number("limit"),
            offset: number("offset").unwrap_or(0),
            page: number("page").unwrap_or(1).clamp(1, 500),
        }
    }

    /// The page of results for this question, `page` of it.
    pub(super) fn address(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.query);
        match self.within {
            Some(Kind::Guide) => query.append_pair("in", "guides"),
            Some(Kind::App) => query.append_pair("in", "apps"),
            None => &mut query,
        };
        if self.verbatim {
            query.append_pair("verbatim", "1");
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        format!("/-/search?{}", query.finish())
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_parse_is_left_out() {
        let asked =
            Asked::parse("q=a+b%20c&q=d&limit=many&offset=-1&page=0&in=nowhere&verbatim=yes&typing=1");
        let expected = Asked { query: "a b c".into(), page: 1, mode: Mode::Typing, ..Asked::default() };
        assert_eq!(asked, expected);
        assert_eq!(Asked::parse("q=%ff%fe").query, "\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn an_address_asks_the_same_again(
            query in ".{0,40}",
            within in prop::sample::select(vec![None, Some(Kind::Guide), Some(Kind::App)]),
            verbatim: bool,
            page in 1_usize..500,
        ) {
            let asked = Asked { query, within, verbatim, page, ..Asked::default() };
            let address = asked.address(page);
            prop_assert!(address.is_ascii() && !address.contains(['"', '<', '>', ' ']), "{}", address);
            prop_assert_eq!(Asked::parse(address.split_once('?').unwrap().1), asked);
        }

        #[test]
        fn nothing_is_an_error(query in "\\PC{0,200}") {
            let asked = Asked::parse(&query);
            prop_assert!((1..=500).contains(&asked.page));
        }
    }
}
