//! `_redirects`: one rule a line, `FROM [name=value …] TO [STATUS][!]`; the first that matches answers.

use percent_encoding::percent_decode_str;
use url::{Url, form_urlencoded};

use crate::model::encode_path;

use super::pattern::{Matched, Pattern, Place, is_name};
use super::{Problems, shown};

/// How many rules are taken.
const MOST_RULES: usize = 2000;
/// Without a status, as Netlify has it.
const DEFAULT_STATUS: u16 = 301;

/// The rules of a `_redirects`, in order.
#[derive(Clone, Debug, Default)]
pub struct Redirects {
    rules: Vec<Rule>,
    any_forced: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    from: Pattern,
    query: Vec<(String, Wanted)>,
    to: Target,
    status: u16,
    forced: bool,
}

/// What a query parameter must be.
#[derive(Clone, Debug)]
enum Wanted {
    This(String),
    /// Anything; the placeholder stands for it.
    Any(String),
}

/// Where a rule leads: templates with placeholders.
#[derive(Clone, Debug)]
struct Target {
    /// `https://host[:port]`, or empty for this app.
    origin: String,
    /// Starts with a slash; decoded.
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

/// What a rule answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The file at this address of the app, decoded and starting with a slash, with this status: 200 or 404.
    File {
        /// Where the file is.
        path: String,
        /// 200 or 404.
        status: u16,
    },
    /// Another address: a path of this host, or an absolute URL.
    Moved {
        /// Ready to be a `Location`.
        location: String,
        /// 301, 302, 303, 307 or 308.
        status: u16,
    },
}

impl Redirects {
    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule goes before files.
    #[must_use]
    pub fn any_forced(&self) -> bool {
        self.any_forced
    }

    /// What the first rule that matches answers to `path`, decoded and starting with a slash. `raw_path` is as it was
    /// asked for. With `file_there`, only a forced rule counts, and only when no other matches before it.
    #[must_use]
    pub fn answer(
        &self,
        path: &str,
        raw_path: &str,
        query: Option<&str>,
        file_there: bool,
    ) -> Option<Answer> {
        for rule in &self.rules {
            let Some(matched) = rule.matches(path, query) else { continue };
            if file_there && !rule.forced {
                return None;
            }
            let answer = rule.answer(&matched, query);
            // A rule that leads to where we are would never end.
            let here = |location: &str| {
                location.split(['?', '#']).next() == Some(raw_path)
                    && location.contains('?') == query.is_some()
            };
            match &answer {
                Answer::Moved { location, .. } if here(location) => {}
                _ => return Some(answer),
            }
        }
        None
    }

    pub(super) fn parse(text: &str, problems: &mut Problems) -> Self {
        let mut rules = Vec::new();
        for (line, text) in problems.lines(text) {
            if rules.len() == MOST_RULES {
                problems.add(
                    line,
                    format!("{MOST_RULES} rules are the most; this one and the rest are left out"),
                );
                break;
            }
            match parse_rule(text) {
                Ok(rule) => rules.push(rule),
                Err(what) => problems.add(line, what),
            }
        }
        let any_forced = rules.iter().any(|rule| rule.forced);
        Self { rules, any_forced }
    }
}

impl Rule {
    fn matches(&self, path: &str, query: Option<&str>) -> Option<Matched<'_>> {
        let mut matched = self.from.matches(path)?;
        for (name, wanted) in &self.query {
            let mut given = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
            let (_, value) = given.find(|(given, _)| given == name)?;
            match wanted {
                Wanted::This(wanted) if *wanted == value => {}
                Wanted::This(_) => return None,
                Wanted::Any(placeholder) => matched.add(placeholder, value.into_owned()),
            }
        }
        Some(matched)
    }

    fn answer(&self, matched: &Matched<'_>, query: Option<&str>) -> Answer {
        let status = self.status;
        if matches!(status, 200 | 404) {
            return Answer::File { path: matched.fill(&self.to.path, Place::Decoded), status };
        }
        let mut location = self.to.origin.clone();
        let path = matched.fill(&encode_path(&self.to.path), Place::Path);
        // One slash at the start: two would name another host.
        location.push('/');
        location.push_str(path.trim_start_matches('/'));
        match (&self.to.query, query) {
            (Some(template), _) => {
                location.push('?');
                location.push_str(&matched.fill(template, Place::Query));
            }
            // A rule that reads parameters says itself what becomes of them.
            (None, Some(query)) if self.query.is_empty() => {
                location.push('?');
                location.push_str(query);
            }
            (None, _) => {}
        }
        if let Some(fragment) = &self.to.fragment {
            location.push('#');
            location.push_str(&matched.fill(fragment, Place::Query));
        }
        Answer::Moved { location, status }
    }
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    let mut words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
    let from = words.next().unwrap_or_default();
    if from.contains("://") {
        return Err(format!("`{}` names a host; rules are for this app's own addresses", shown(from)));
    }
    let from = Pattern::parse(from).map_err(|what| format!("`{}`: {what}", shown(from)))?;
    let mut query = Vec::new();
    let to = loop {
        let word = words.next().ok_or("it needs two addresses: what to match, and where it leads")?;
        if word.starts_with('/') || word.contains("://") {
            break word;
        }
        query.push(parse_parameter(word)?);
    };
    let (status, forced) = match words.next() {
        None => (DEFAULT_STATUS, false),
        Some(word) => parse_status(word)?,
    };
    if let Some(more) = words.next() {
        return Err(format!(
            "`{}`: conditions such as country, language or role are not supported",
            shown(more)
        ));
    }
    let names: Vec<&str> =
        from.names().chain(query.iter().filter_map(|(_, wanted)| placeholder(wanted))).collect();
    let to = Target::parse(to, &names).map_err(|what| format!("`{}`: {what}", shown(to)))?;
    if matches!(status, 200 | 404) {
        if !to.origin.is_empty() {
            return Err(format!(
                "a status of {status} shows a file of this app; another site takes 301, 302, 303, 307 or 308"
            ));
        }
    } else if to.origin.is_empty() && to.query.is_none() && query.is_empty() && from.is_literal() {
        let itself = to.path.trim_end_matches('/');
        if from.covers(if itself.is_empty() { "/" } else { itself }) {
            return Err("it leads to itself; a slash at the end makes no other address".to_owned());
        }
    }
    Ok(Rule { from, query, to, status, forced })
}

fn placeholder(wanted: &Wanted) -> Option<&str> {
    match wanted {
        Wanted::Any(name) => Some(name),
        Wanted::This(_) => None,
    }
}

fn parse_parameter(word: &str) -> Result<(String, Wanted), String> {
    let what = || format!("`{}` is neither an address nor a query parameter such as `id=:id`", shown(word));
    let (name, value) = word.split_once('=').ok_or_else(what)?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| what());
    let wanted = match value.strip_prefix(':') {
        Some(placeholder) if is_name(placeholder) => Wanted::Any(placeholder.to_owned()),
        Some(_) => return Err(what()),
        None => Wanted::This(decoded(value)?),
    };
    Ok((decoded(name)?, wanted))
}

fn parse_status(word: &str) -> Result<(u16, bool), String> {
    let (number, forced) = match word.strip_suffix('!') {
        Some(number) => (number, true),
        None => (word, false),
    };
    match number.parse() {
        Ok(status @ (200 | 301 | 302 | 303 | 307 | 308 | 404)) => Ok((status, forced)),
        _ => Err(format!(
            "`{}` is not a status; 200, 301, 302, 303, 307, 308 and 404 can be used",
            shown(word)
        )),
    }
}

impl Target {
    fn parse(text: &str, names: &[&str]) -> Result<Self, &'static str> {
        let (text, fragment) = split(text, '#');
        let (text, query) = split(text, '?');
        let (origin, path) = if text.starts_with('/') {
            (String::new(), text.to_owned())
        } else {
            let authority = text.find("://").map_or(0, |at| at + 3);
            let end = text[authority..].find('/').map_or(text.len(), |slash| authority + slash);
            let url = Url::parse(&text[..end]).map_err(|_| "it is not a URL")?;
            let plain = matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none();
            if !plain || text[authority..end].contains([':', '*', '@', '\\']) && url.port().is_none() {
                return Err("another site is written `https://host/path`, without placeholders in the host");
            }
            let path = if end == text.len() { "/" } else { &text[end..] };
            (url.origin().ascii_serialization(), path.to_owned())
        };
        if path.starts_with("//") || path.contains('\\') || path.contains('*') {
            return Err(
                "an address to go to starts with one slash or with `https://`, and names a splat `:splat`",
            );
        }
        let path =
            percent_decode_str(&path).decode_utf8().map_err(|_| "its escapes are not UTF-8")?.into_owned();
        if path.chars().any(char::is_control) || path.split('/').any(|segment| matches!(segment, "." | ".."))
        {
            return Err("it has a control character, or a `.` or `..` segment");
        }
        let rest = [query.as_deref().unwrap_or_default(), fragment.as_deref().unwrap_or_default()];
        if rest.iter().any(|text| !text.is_ascii() || text.chars().any(|c| c.is_control() || c == ' ')) {
            return Err("what follows `?` or `#` must be percent-encoded");
        }
        let templates = [path.as_str(), rest[0], rest[1]];
        if templates.iter().any(|template| names_in(template).any(|name| !names.contains(&name))) {
            return Err("it names a placeholder that the address to match does not have");
        }
        Ok(Self { origin, path, query, fragment })
    }
}

fn split(text: &str, mark: char) -> (&str, Option<String>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after.to_owned())),
        None => (text, None),
    }
}

/// What looks like a placeholder at the start of a segment or a value.
fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template.split(['/', '=', '&']).filter_map(|part| {
        let name = part.strip_prefix(':')?;
        let end = name.find(|c: char| !super::pattern::is_name_char(c)).unwrap_or(name.len());
        (end > 0).then(|| &name[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Redirects {
        let mut problems = Problems::new(super::super::REDIRECTS);
        let rules = Redirects::parse(text, &mut problems);
        assert_eq!(problems.told, [], "{text}");
        rules
    }

    fn answer(text: &str, asked: &str) -> Option<(String, u16)> {
        let (path, query) = asked.split_once('?').map_or((asked, None), |(path, query)| (path, Some(query)));
        match rules(text).answer(path, path, query, false)? {
            Answer::File { path, status } => Some((path, status)),
            Answer::Moved { location, status } => Some((location, status)),
        }
    }

    #[test]
    fn the_first_rule_that_matches_answers() {
        for (text, asked, expected) in [
            ("/a /b", "/a", Some(("/b", 301))),
            ("/a /b 302", "/a/", Some(("/b", 302))),
            ("/a /b 303 # why", "/a", Some(("/b", 303))),
            ("/a /b 307", "/a?x=1", Some(("/b?x=1", 307))),
            ("/a /b?y=2 308", "/a?x=1", Some(("/b?y=2", 308))),
            ("/a /b#top 301", "/a", Some(("/b#top", 301))),
            ("/a https://example.org 302", "/a", Some(("https://example.org/", 302))),
            ("/a/* https://example.org/x/:splat", "/a/b c", Some(("https://example.org/x/b%20c", 301))),
            ("/a/* https://example.org:8443/:splat", "/a/b", Some(("https://example.org:8443/b", 301))),
            ("/n/:y/:s /m/:s/:y", "/n/2026/hi", Some(("/m/hi/2026", 301))),
            ("/s id=:id /t/:id 301", "/s?id=a/b&x=1", Some(("/t/a/b", 301))),
            ("/s id=:id /t?of=:id 301", "/s?id=a%26b", Some(("/t?of=a%26b", 301))),
            ("/s id=7 /t", "/s?id=8", None),
            ("/s id=7 /t", "/s", None),
            ("/s id=7 /t", "/s?id=7", Some(("/t", 301))),
            ("/* /index.html 200", "/x/y", Some(("/index.html", 200))),
            ("/x/* /app/:splat 200", "/x/y", Some(("/app/y", 200))),
            ("/x/* /404.html 404", "/x/y", Some(("/404.html", 404))),
            ("/a /b\n/a /c", "/a", Some(("/b", 301))),
            ("/*  /new/:splat 301\n/new/* /old 301", "/x", Some(("/new/x", 301))),
            ("/a/* /a/ 301\n/* /z", "/a/", Some(("/z", 301))),
            ("/:x /:x/y", "/é", Some(("/%C3%A9/y", 301))),
        ] {
            let expected = expected.map(|(to, status): (&str, u16)| (to.to_owned(), status));
            assert_eq!(answer(text, asked), expected, "{text} | {asked}");
        }
    }

    #[test]
    fn a_file_goes_before_a_rule_that_is_not_forced() {
        let there = |text: &str| rules(text).answer("/a", "/a", None, true).is_some();
        assert!(!there("/a /b"));
        assert!(there("/a /b 301!"));
        assert!(there("/* /b 200!"));
        assert!(!there("/a /b\n/a /c 301!"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let text = "\u{feff}/a\n/a b\nhttps://x.org/a /b\n/a /b 418\n/a /b 302 Country=au\n/a https://x.org/ 200\n\
                    /a //evil.org/\n/a /a/\n/a/* /b/:other\n/a https://:splat.org/\n/a /../x\n/* javascript:alert(1)\n\
                    /a https://u:p@x.org/\n/a ftp://x.org/\n/fine /b";
        let mut problems = Problems::new(super::super::REDIRECTS);
        let rules = Redirects::parse(text, &mut problems);
        assert_eq!(rules.rules.len(), 1);
        let told: Vec<String> = problems.told.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn rules_are_bounded() {
        let mut problems = Problems::new(super::super::REDIRECTS);
        let rules = Redirects::parse(&"/a /b\n".repeat(MOST_RULES + 1), &mut problems);
        assert_eq!(rules.rules.len(), MOST_RULES);
        assert_eq!(problems.told.len(), 1);
        let mut problems = Problems::new(super::super::REDIRECTS);
        Redirects::parse(&"x\n".repeat(100), &mut problems);
        Redirects::parse(&format!("/{} /b", "a".repeat(3000)), &mut problems);
        assert_eq!(problems.told.len(), super::super::MOST_PROBLEMS + 1);
    }

    proptest::proptest! {
        #[test]
        fn no_redirect_leaves_the_host_that_a_rule_names(path in "/[a-z./]{0,20}", to in "/[a-z:./]{0,12}") {
            let mut problems = Problems::new(super::super::REDIRECTS);
            let text = format!("/:x/* {to} 302\n/* {to} 302\n");
            let rules = Redirects::parse(&text, &mut problems);
            if let Some(Answer::Moved { location, .. }) = rules.answer(&path, &path, None, false) {
                proptest::prop_assert!(location.starts_with('/') && !location.starts_with("//"));
            }
        }
    }
}
