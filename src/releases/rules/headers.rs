//! `_headers`: a line with an address, and below it, indented, one header a line; `! Name` takes one away again.
//! Every block that matches counts, in order; a header that is set twice gets both values, with a comma between.

use http::header::{self, HeaderName, HeaderValue};

use super::pattern::Pattern;
use super::{Problems, shown};

/// How many blocks are taken, and how many headers in one.
const MOST_BLOCKS: usize = 200;
const MOST_HEADERS: usize = 40;

/// The blocks of a `_headers`, in order.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    address: Pattern,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Set(HeaderName, HeaderValue),
    Remove(HeaderName),
}

/// A header to send.
pub type Named = (HeaderName, HeaderValue);

impl Headers {
    /// Whether there is no block at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The headers for `path`, decoded and starting with a slash.
    #[must_use]
    pub fn of(&self, path: &str) -> Vec<Named> {
        let mut set: Vec<Named> = Vec::new();
        for line in
            self.blocks.iter().filter(|block| block.address.covers(path)).flat_map(|block| &block.lines)
        {
            match line {
                Line::Remove(name) => set.retain(|(held, _)| held != name),
                Line::Set(name, value) => {
                    match set.iter_mut().find(|(held, _)| held == name && joins(name)) {
                        Some((_, held)) => *held = joined(held, value),
                        None => set.push((name.clone(), value.clone())),
                    }
                }
            }
        }
        set
    }

    pub(super) fn parse(text: &str, problems: &mut Problems) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        // Lines below an address that cannot be used go with it.
        let mut skipping = false;
        for (at, text) in problems.lines(text) {
            let line = text.trim();
            if !text.starts_with([' ', '\t']) {
                skipping = true;
                if blocks.len() == MOST_BLOCKS {
                    problems.add(
                        at,
                        format!("{MOST_BLOCKS} addresses are the most; this one and the rest are left out"),
                    );
                    break;
                }
                match Pattern::parse(line) {
                    Ok(address) => {
                        skipping = false;
                        blocks.push(Block { address, lines: Vec::new() });
                    }
                    Err(what) => problems.add(at, format!("`{}`: {what}", shown(line))),
                }
                continue;
            }
            let Some(block) = blocks.last_mut().filter(|_| !skipping) else {
                if !skipping {
                    problems.add(at, "a header needs an address above it, at the start of a line");
                }
                continue;
            };
            if block.lines.len() == MOST_HEADERS {
                problems.add(at, format!("{MOST_HEADERS} headers for one address are the most"));
                continue;
            }
            match parse_line(line) {
                Ok(line) => block.lines.push(line),
                Err(what) => problems.add(at, what),
            }
        }
        Self { blocks }
    }
}

fn parse_line(line: &str) -> Result<Line, String> {
    if let Some(name) = line.strip_prefix('!') {
        let name = name.trim();
        return name
            .parse()
            .map(Line::Remove)
            .map_err(|_| format!("`{}` is not a header's name", shown(name)));
    }
    let form = || format!("`{}` is not a header; write `Name: value`", shown(line));
    let (name, value) = line.split_once(':').ok_or_else(form)?;
    let name: HeaderName = name.trim().parse().map_err(|_| form())?;
    let value = value.trim();
    if let Some(why) = refused(name.as_str(), value) {
        return Err(format!("`{}` is not sent: {why}", shown(line.split(':').next().unwrap_or_default())));
    }
    let text = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty());
    let value = text
        .ok_or_else(|| format!("the value of `{name}` is empty or has characters that no header can hold"))?;
    Ok(Line::Set(name, value))
}

/// Why a publisher cannot set a header; `None` when they can.
fn refused(name: &str, value: &str) -> Option<&'static str> {
    let framing = "the server sets it, so that answers can be read";
    let cache = "it could let others keep what is not public; use `Cache-Control`";
    let proxy = "a proxy in front would act on it";
    Some(match name {
        "set-cookie" => "cookies are for signing in; a page can set its own by script",
        "clear-site-data" => "it reaches beyond this app",
        "location" => "write a rule in `_redirects`",
        "basic-auth" | "www-authenticate" => "decide who may see the app with `loggia share`",
        "strict-transport-security" | "public-key-pins" | "expect-ct" | "alt-svc" => {
            "the server decides how it is reached"
        }
        "nel" | "report-to" => "reports about the connection are the server's",
        "service-worker-allowed" => "a service worker stays below its own address",
        "access-control-allow-credentials" => "another site would read with the viewer's sign-in",
        "x-content-type-options" if value.eq_ignore_ascii_case("nosniff") => return None,
        "x-content-type-options" => "`nosniff` is always sent",
        "connection" | "keep-alive" | "transfer-encoding" | "te" | "trailer" | "upgrade" | "host"
        | "date" | "age" | "server" | "via" | "content-length" | "content-encoding" | "content-range"
        | "accept-ranges" | "etag" | "last-modified" | "vary" => framing,
        "expires" | "pragma" | "surrogate-control" | "surrogate-key" | "edge-control" => cache,
        _ if name.ends_with("cdn-cache-control") => cache,
        _ if name.starts_with("x-accel-")
            || name.starts_with("x-sendfile")
            || name.starts_with("x-lighttpd-") =>
        {
            proxy
        }
        _ if name.starts_with("proxy-") || name.starts_with("sec-") || name.starts_with(':') => framing,
        _ => return None,
    })
}

/// Whether two values of this header are one list.
fn joins(name: &HeaderName) -> bool {
    // Each policy is a header of its own, and a page has one type.
    !matches!(*name, header::CONTENT_SECURITY_POLICY | header::CONTENT_TYPE)
}

fn joined(held: &HeaderValue, more: &HeaderValue) -> HeaderValue {
    let both = [held.as_bytes(), b", ", more.as_bytes()].concat();
    HeaderValue::from_bytes(&both).unwrap_or_else(|_| more.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, path: &str) -> String {
        let mut problems = Problems::new(super::super::HEADERS);
        let headers = Headers::parse(text, &mut problems);
        assert_eq!(problems.told, []);
        let line = |(name, value): &Named| format!("{name}: {}", value.to_str().unwrap());
        headers.of(path).iter().map(line).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn every_block_that_matches_counts() {
        let text = "# ours\n/*\n  X-Robots-Tag: noindex\n  Referrer-Policy: no-referrer\n\n/data/*.csv\n\tX-Robots-Tag: nofollow\n\
                    /open/:what\n  ! Referrer-Policy\n  Content-Type: text/plain; charset=utf-8\n";
        assert_eq!(sent(text, "/"), "x-robots-tag: noindex | referrer-policy: no-referrer");
        assert_eq!(
            sent(text, "/data/a/b.csv"),
            "x-robots-tag: noindex, nofollow | referrer-policy: no-referrer"
        );
        assert_eq!(sent(text, "/open/x"), "x-robots-tag: noindex | content-type: text/plain; charset=utf-8");
        assert_eq!(sent("/a\n  X: 1\n", "/b"), "");
    }

    #[test]
    fn headers_that_would_break_isolation_are_refused_by_name() {
        let text = "  X-Early: 1\n//evil\n  X-Lost: 1\n/*\n  Set-Cookie: a=b\n  Clear-Site-Data: \"cookies\"\n  Location: /x\n\
                    Transfer-Encoding\n/*\n  transfer-encoding: chunked\n  Content-Length: 1\n  Connection: close\n  Host: x\n\
                    \x20 Strict-Transport-Security: max-age=1; includeSubDomains\n  Service-Worker-Allowed: /\n\
                    \x20 Access-Control-Allow-Credentials: true\n  X-Accel-Redirect: /x\n  CDN-Cache-Control: public\n\
                    \x20 Basic-Auth: a:b\n  X-Content-Type-Options: none\n  no header\n  bad name: 1\n  X-Empty:\n  X-Bell: \u{7}\n\
                    \x20 X-Fine: yes\n  X-Content-Type-Options: nosniff\n";
        let mut problems = Problems::new(super::super::HEADERS);
        let headers = Headers::parse(text, &mut problems);
        let told: Vec<String> = problems.told.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"));
        assert_eq!(headers.of("/x").len(), 2);
    }
}
