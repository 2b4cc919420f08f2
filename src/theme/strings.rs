//! What pages say, in every language that somebody wrote it down in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The language that every line is there in.
pub(super) const FIRST: &str = "en";

/// The lines of one language by their keys, those that it lacks in English.
#[derive(Clone, Debug, Default)]
pub(super) struct Strings(Arc<BTreeMap<String, String>>);

impl Strings {
    /// Reads `key = "words"` lines.
    pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// `lines` over `first`.
    pub(super) fn over(first: &BTreeMap<String, String>, lines: &BTreeMap<String, String>) -> Self {
        let mut all = first.clone();
        all.extend(lines.iter().map(|(key, words)| (key.clone(), words.clone())));
        Self(Arc::new(all))
    }

    /// The line with this key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The line with this key, and `{name}` in it replaced.
    pub(super) fn say<'a>(
        &self,
        key: &str,
        given: impl Iterator<Item = (&'a str, String)>,
    ) -> Option<String> {
        let line = self.get(key)?;
        let given: BTreeMap<&str, String> = given.collect();
        let mut said = String::with_capacity(line.len() + 32);
        let mut rest = line;
        // What is put in is not looked at again.
        while let Some((before, after)) = rest.split_once('{') {
            said.push_str(before);
            let named = after.split_once('}').and_then(|(name, after)| Some((given.get(name)?, after)));
            if let Some((value, after)) = named {
                said.push_str(value);
                rest = after;
            } else {
                said.push('{');
                rest = after;
            }
        }
        said.push_str(rest);
        Some(said)
    }

    /// A day, written out: "24 November 2026".
    pub(super) fn day(&self, date: Date) -> String {
        let month = usize::try_from(date.month()).unwrap_or(1) - 1;
        let named = self.get("months").and_then(|months| months.split(',').nth(month));
        let name = named.map_or_else(|| date.strftime("%B").to_string(), |name| name.trim().to_owned());
        format!("{} {name} {}", date.day(), date.year())
    }

    /// A moment, written out: "24 November 2026, 08:34 UTC".
    pub(super) fn moment(&self, at: Timestamp) -> String {
        format!("{}, {}", self.day(TimeZone::UTC.to_datetime(at).date()), at.strftime("%H:%M UTC"))
    }
}

/// What a language is called by those who speak it; its tag, where we do not know.
pub(super) fn own_name(tag: &str) -> &str {
    let names = [
        ("ar", "العربية"),
        ("bg", "Български"),
        ("bn", "বাংলা"),
        ("ca", "Català"),
        ("cs", "Čeština"),
        ("cy", "Cymraeg"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("el", "Ελληνικά"),
        ("en", "English"),
        ("es", "Español"),
        ("et", "Eesti"),
        ("eu", "Euskara"),
        ("fa", "فارسی"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("ga", "Gaeilge"),
        ("gd", "Gàidhlig"),
        ("gl", "Galego"),
        ("gu", "ગુજરાતી"),
        ("he", "עברית"),
        ("hi", "हिन्दी"),
        ("hr", "Hrvatski"),
        ("hu", "Magyar"),
        ("is", "Íslenska"),
        ("it", "Italiano"),
        ("ja", "日本語"),
        ("ko", "한국어"),
        ("kw", "Kernewek"),
        ("lt", "Lietuvių"),
        ("lv", "Latviešu"),
        ("nl", "Nederlands"),
        ("no", "Norsk"),
        ("pa", "ਪੰਜਾਬੀ"),
        ("pl", "Polski"),
        ("pt", "Português"),
        ("ro", "Română"),
        ("ru", "Русский"),
        ("sk", "Slovenčina"),
        ("sl", "Slovenščina"),
        ("sv", "Svenska"),
        ("tr", "Türkçe"),
        ("uk", "Українська"),
        ("ur", "اردو"),
        ("zh", "中文"),
    ];
    let primary = tag.split('-').next().unwrap_or(tag);
    names.iter().find(|(known, _)| *known == primary).map_or(tag, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &str) -> Strings {
        Strings::over(&BTreeMap::new(), &Strings::parse(text).unwrap())
    }

    #[test]
    fn words_in_braces_are_replaced_once() {
        let strings = strings("due = \"by {day}, {owner}{x} {\"");
        let given = [("day", "{owner}".to_owned()), ("owner", "Ann".to_owned())];
        assert_eq!(strings.say("due", given.into_iter()).unwrap(), "by {owner}, Ann{x} {");
        assert!(strings.say("none", std::iter::empty()).is_none());
    }

    #[test]
    fn days_are_written_in_the_language() {
        let welsh = strings(include_str!("../../themes/default/strings/cy.toml"));
        assert_eq!(welsh.day(jiff::civil::date(2026, 11, 24)), "24 Tachwedd 2026");
        assert_eq!(strings("").day(jiff::civil::date(2026, 11, 24)), "24 November 2026");
    }
}
