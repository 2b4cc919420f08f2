//! Pages of a server become pages of files: links relative, and without what only a server can do.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;
use url::Url;

/// The site that is being made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// The origin that the server wrote into pages, without a slash at its end.
    pub(super) origin: &'a str,
    /// Where the site will be.
    pub(super) base: Option<&'a Url>,
    /// Every address that is in it, decoded.
    pub(super) written: &'a HashSet<String>,
}

/// What becomes of a link.
enum Fate<'a> {
    As(Cow<'a, str>),
    Gone,
}

impl Site<'_> {
    /// The path that the site lies below, without a slash at its end.
    pub(super) fn base_path(&self) -> &str {
        self.base.map_or("", |base| base.path().trim_end_matches('/'))
    }

    /// The address `to` as seen from the page `from`: relative, save from the error page, which is shown anywhere.
    pub(super) fn address(&self, from: &str, to: &str) -> String {
        let Some(inside) = to.strip_prefix('/') else { return to.to_owned() };
        if from == "/404.html" {
            return format!("{}/{inside}", self.base_path());
        }
        let depth = from.matches('/').count().saturating_sub(1);
        let up = "../".repeat(depth);
        match (&*up, inside) {
            ("", "") => "./".to_owned(),
            ("", inside) if inside.starts_with(['#', '?']) => format!("./{inside}"),
            (up, inside) => format!("{up}{inside}"),
        }
    }

    /// A text that names the server's origin.
    pub(super) fn text(&self, text: &str) -> String {
        let base = self.base.map_or("", |base| base.as_str().trim_end_matches('/'));
        let text = if self.base.is_some() {
            Cow::Borrowed(text)
        } else {
            // Without an address there is no sitemap to name.
            Cow::Owned(text.lines().filter(|line| !line.starts_with("Sitemap:")).fold(
                String::new(),
                |mut kept, line| {
                    let _ = writeln!(kept, "{line}");
                    kept
                },
            ))
        };
        text.replace(self.origin, base)
    }

    /// The page at `from`, and how many links in it lead nowhere here: those become plain text.
    pub(super) fn page(&self, from: &str, html: &str) -> (String, usize) {
        let mut out = String::with_capacity(html.len());
        let (mut lost, mut unlinking) = (0, false);
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            let (before, tag) = rest.split_at(start);
            out.push_str(before);
            let end = end_of(tag);
            let (tag, after) = tag.split_at(end);
            rest = after;
            if tag.starts_with("</a") && unlinking {
                unlinking = false;
                continue;
            }
            if let Some(after) = self.without(tag, after) {
                rest = after;
                continue;
            }
            let name = name_of(tag);
            if let Some(tag) = self.tag(from, name, tag) {
                out.push_str(&tag);
            } else {
                unlinking = true;
                lost += 1;
            }
            if name == "script" && !tag.contains("src=") {
                let end = rest.find("</script").unwrap_or(rest.len());
                out.push_str(&self.text_in(&rest[..end]));
                rest = &rest[end..];
            }
        }
        out.push_str(rest);
        (out, lost)
    }

    fn text_in(&self, text: &str) -> String {
        let base = self.base.map_or("", |base| base.as_str().trim_end_matches('/'));
        text.replace(self.origin, base)
    }

    /// What comes after an element that has no place in a site of files; `None` for all others.
    fn without<'t>(&self, tag: &str, after: &'t str) -> Option<&'t str> {
        let of_server = |path: &str| {
            path.starts_with("/-/") && !path.starts_with("/-/assets/") && !path.starts_with("/-/search")
        };
        match name_of(tag) {
            // Scripts that talk to a server; the search page has one of its own.
            "script" => {
                let src = attribute(tag, "src")?;
                let ours = ["/-/assets/search.", "/-/assets/live."].iter().any(|name| src.starts_with(name));
                ours.then(|| after.strip_prefix("</script>").unwrap_or(after).trim_start_matches('\n'))
            }
            "link" => {
                let href = attribute(tag, "href")?;
                let absolute = href.starts_with(self.origin) && self.base.is_none();
                let lost = href.starts_with('/') && !self.has(&href);
                (absolute || of_server(&href) || lost).then_some(after)
            }
            // Printing a section, which stands in the foot of guides.
            "a" if attribute(tag, "href")?.starts_with("/-/print/") => {
                Some(after.split_once("</a>").map_or(after, |(_, after)| after))
            }
            "meta" => {
                let content = attribute(tag, "content")?;
                (content.starts_with(self.origin) && self.base.is_none()).then_some(after)
            }
            // A line of a list that is nothing but a link to what only a server has.
            "li" => {
                let link = after.starts_with("<a ").then(|| &after[..end_of(after)])?;
                let all = after.split_once("</li>")?;
                let alone = all.0.ends_with("</a>") && all.0.matches("<a ").count() == 1;
                (alone && of_server(&attribute(link, "href")?)).then_some(all.1)
            }
            _ => None,
        }
    }

    /// The tag with its addresses as they are here; `None` for a link that leads nowhere.
    fn tag<'t>(&self, from: &str, name: &str, tag: &'t str) -> Option<Cow<'t, str>> {
        let mut out = Cow::Borrowed(tag);
        for attribute_name in ["href", "src", "action", "content", "data", "srcset"] {
            let Some(value) = attribute(tag, attribute_name) else { continue };
            let fate = match (name, attribute_name) {
                ("meta", "content") if !value.starts_with(self.origin) => continue,
                ("form", "action") if value.starts_with("/-/search") => {
                    Fate::As(self.address(from, "/-/search/").into())
                }
                _ => self.fate(from, &value),
            };
            match fate {
                Fate::As(new) if new != value => {
                    let old = format!(" {attribute_name}=\"{}\"", escape(&value));
                    let new = format!(" {attribute_name}=\"{}\"", escape(&new));
                    out = Cow::Owned(out.replacen(&old, &new, 1));
                }
                Fate::Gone if name == "a" => return None,
                Fate::As(_) | Fate::Gone => {}
            }
        }
        Some(out)
    }

    fn fate<'v>(&self, from: &str, value: &'v str) -> Fate<'v> {
        if let Some(path) = value.strip_prefix(self.origin) {
            let base = self.base.map_or("", |base| base.as_str().trim_end_matches('/'));
            return Fate::As(format!("{base}{path}").into());
        }
        if !value.starts_with('/') || value.starts_with("//") {
            let relative = !value.is_empty() && !value.starts_with(['#', '?']) && !value.contains(':');
            // Addresses that authors wrote and that lead nowhere stay as they were written.
            return if relative && !self.has(&joined(from, value)) {
                Fate::Gone
            } else {
                Fate::As(value.into())
            };
        }
        if self.has(value) { Fate::As(self.address(from, value).into()) } else { Fate::Gone }
    }

    fn has(&self, address: &str) -> bool {
        let path = address.split(['#', '?']).next().unwrap_or_default();
        self.written.contains(&*percent_decode_str(path).decode_utf8_lossy())
    }
}

/// A page that leads to `to`, for hosts that know nothing of redirects.
pub(super) fn leads_on(to: &str) -> String {
    let to = escape(to);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>This page is elsewhere</title>\n\
         <meta name=\"robots\" content=\"noindex\">\n<meta http-equiv=\"refresh\" content=\"0; url={to}\">\n</head>\n\
         <body><p>This page is <a href=\"{to}\">elsewhere</a>.</p></body>\n</html>\n"
    )
}

/// The length of the tag, comment or declaration that `text` begins with.
fn end_of(text: &str) -> usize {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map_or(text.len(), |end| end + 7);
    }
    if !text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
        return 1;
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn name_of(tag: &str) -> &str {
    let name = tag.strip_prefix('<').unwrap_or_default();
    &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())]
}

/// The value of an attribute, written with double quotes as all of ours are, with its references read.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag.get(start..)?.split('"').next()?;
    let read =
        value.replace("&#x2F;", "/").replace("&#47;", "/").replace("&#39;", "'").replace("&quot;", "\"");
    Some(read.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn escape(value: &str) -> String {
    value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The relative address `to`, as seen from the page `from`.
fn joined(from: &str, to: &str) -> String {
    let base = Url::parse("http://site.invalid").and_then(|site| site.join(from));
    base.and_then(|base| base.join(to)).map_or_else(|_| to.to_owned(), |url| url.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: &str, html: &str, base: Option<&str>) -> (String, usize) {
        let written = ["/", "/a/b/", "/a b/", "/m.png", "/-/assets/style.css", "/-/search/"];
        let written: HashSet<String> = written.map(ToOwned::to_owned).into();
        let base = base.map(|base| Url::parse(base).unwrap());
        Site { origin: "http://localhost:1", base: base.as_ref(), written: &written }.page(from, html)
    }

    #[test]
    fn links_are_relative_and_those_that_lead_nowhere_are_text() {
        let (html, lost) = page(
            "/a/b/",
            "<p class=\"x\"><a href=\"/\">Home</a> <a href=\"/a%20b/?x=1&amp;y#z\">B</a> <a href=\"#c\">C</a> \
             <a class=\"n\" href=\"/hidden/\">Hidden <em>one</em></a> <img src=\"/m.png\" alt=\"a > b\"> \
             <code>&lt;a href=\"/\"&gt; if a < b</code> <a href=\"https://x.example/\">X</a></p>",
            None,
        );
        assert_eq!(
            html,
            "<p class=\"x\"><a href=\"../../\">Home</a> <a href=\"../../a%20b/?x=1&amp;y#z\">B</a> \
             <a href=\"#c\">C</a> Hidden <em>one</em> <img src=\"../../m.png\" alt=\"a > b\"> \
             <code>&lt;a href=\"/\"&gt; if a < b</code> <a href=\"https://x.example/\">X</a></p>"
        );
        assert_eq!(lost, 1);
        assert_eq!(
            page("/", "<a href=\"/\">H</a><a href=\"/a/b/\">B</a>", None).0,
            "<a href=\"./\">H</a><a href=\"a/b/\">B</a>"
        );
    }

    #[test]
    fn what_only_a_server_has_is_left_out() {
        let html = "<ul><li><a href=\"/-/apps/\">Apps</a></li><li><a href=\"/\">Home</a></li><li>“Quoted”</li></ul>\
                    <script type=\"module\" src=\"/-/assets/search.0f.js\"></script>\
                    <form action=\"/-/search\" method=\"get\"></form><a href=\"/-/account/\">You</a>";
        assert_eq!(
            page("/", html, None).0,
            "<ul><li><a href=\"./\">Home</a></li><li>“Quoted”</li></ul><form action=\"-/search/\" method=\"get\"></form>You"
        );
    }

    #[test]
    fn a_page_states_its_own_address_only_where_that_is_known() {
        let html = "<link rel=\"canonical\" href=\"http://localhost:1/a/b/\"><meta property=\"og:url\" \
                    content=\"http://localhost:1/a/b/\">";
        assert_eq!(page("/a/b/", html, None).0, "");
        let there = page("/a/b/", html, Some("https://org.example/guides/")).0;
        assert!(there.contains("href=\"https://org.example/guides/a/b/\""), "{there}");
        assert!(!there.contains("localhost"), "{there}");
    }

    #[test]
    fn the_error_page_is_shown_anywhere() {
        let (html, _) = page("/404.html", "<a href=\"/a/b/\">B</a>", Some("https://org.example/guides/"));
        assert_eq!(html, "<a href=\"/guides/a/b/\">B</a>");
    }
}
