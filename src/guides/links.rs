//! Where every link and image of a guide leads.
//!
//! Authors write addresses as seen from the page, from the file they edit, or from the site's root, with `.md`,
//! `.html`, a folder or nothing at the end. All of them are tried; what is found becomes the one canonical address.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::file::StaticFile;
use super::history::History;
use super::wiki::{self, Names};
use crate::model::{GuidePath, encode_path};

/// Where a guide's links and images lead, by what its author wrote.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) links: HashMap<String, String>,
    pub(super) images: HashMap<String, Picture>,
    /// The ids that a heading had under its former names, by the one that it has.
    pub(super) former_ids: HashMap<String, Vec<String>>,
}

/// An image to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// It is there, or elsewhere on the web.
    Found { src: String, size: Option<(u32, u32)> },
    /// It is not there.
    Missing,
}

/// Everything on the main host that a guide can link to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a> {
    /// Guides.
    pub(super) guides: &'a HashMap<GuidePath, usize>,
    /// Guides by the files they were made of, relative to the site's root.
    pub(super) by_file: &'a HashMap<String, GuidePath>,
    /// Files, by address.
    pub(super) files: &'a HashMap<String, StaticFile>,
    /// Former addresses.
    pub(super) redirects: &'a HashMap<String, String>,
    /// What links in double brackets may call a guide.
    pub(super) names: &'a Names,
    /// What the repository remembers.
    pub(super) history: &'a History,
}

/// From where a guide's relative links may be meant, all with slashes at both ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Bases(pub(super) Vec<String>);

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Out of the site, or by another scheme than the web's: left as it was written.
    Elsewhere,
    /// To this address, percent-encoded, with its fragment.
    Here(String),
    /// Nowhere.
    Nowhere,
}

/// A path or fragment without its percent-encoding; as it was where that is broken.
pub(super) fn decode(path: &str) -> String {
    percent_decode_str(path).decode_utf8().map_or_else(|_| path.to_owned(), std::borrow::Cow::into_owned)
}

impl Targets {
    /// Whether the link in double brackets `dest` leads anywhere.
    pub(super) fn is_known(&self, dest: &str) -> bool {
        self.links.contains_key(dest)
    }

    /// Where the link `dest` leads: `dest` itself where nothing better is known.
    pub(super) fn link<'a>(&'a self, dest: &'a str) -> &'a str {
        self.links.get(dest).map_or(dest, String::as_str)
    }

    pub(super) fn image(&self, dest: &str) -> Picture {
        let as_written = || Picture::Found { src: dest.to_owned(), size: None };
        self.images.get(dest).cloned().unwrap_or_else(as_written)
    }
}

impl Addresses<'_> {
    /// Where the link `dest` of a guide leads.
    pub(super) fn link(&self, dest: &str, bases: &Bases) -> Target {
        if wiki::is_link(dest) {
            return self.names.find(dest).map_or(Target::Nowhere, Target::Here);
        }
        let Some((path, query, fragment)) = parts(dest) else { return Target::Elsewhere };
        if path.is_empty() {
            return Target::Here(dest.to_owned());
        }
        match candidates(&path, bases).find_map(|path| self.find(&path)) {
            Some(found) => Target::Here(format!("{found}{query}{fragment}")),
            None => Target::Nowhere,
        }
    }

    /// What the image `dest` of a guide shows.
    pub(super) fn image(&self, dest: &str, bases: &Bases) -> Picture {
        let Some((path, query, _)) = parts(dest) else {
            return Picture::Found { src: dest.to_owned(), size: None };
        };
        let found = candidates(&path, bases).find_map(|path| self.files.get_key_value(&path));
        found.map_or(Picture::Missing, |(address, file)| Picture::Found {
            src: format!("{}{query}", encode_path(address)),
            size: file.dimensions,
        })
    }

    /// The canonical address of what `path` names, percent-encoded.
    fn find(&self, path: &str) -> Option<String> {
        if let Some(guide) = self.by_file.get(path.trim_start_matches('/')) {
            return Some(encode_path(guide.as_str()));
        }
        if self.files.contains_key(path) || self.redirects.contains_key(path) {
            return Some(encode_path(path));
        }
        let guide = canonical(path);
        self.guides.contains_key(guide.as_str()).then(|| encode_path(&guide))
    }
}

/// The guide address that `path` most likely means: `/a/b`, `/a/b.html`, `/a/b.md`, `/a/b/index.html` are `/a/b/`.
pub(super) fn canonical(path: &str) -> String {
    let mut stem = path;
    for end in [".erb", ".md", ".html", ".htm"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    if stem.len() < path.len() || stem.ends_with('/') {
        let index = stem.strip_suffix("/index").or_else(|| stem.strip_suffix("/README"));
        stem = index.filter(|_| stem.len() < path.len()).unwrap_or(stem);
    }
    let stem = stem.strip_suffix("/index").unwrap_or(stem).trim_end_matches('/');
    format!("{stem}/")
}

/// Path (decoded), query with `?` and fragment with `#`; `None` for an address with a scheme or a host.
fn parts(dest: &str) -> Option<(String, &str, &str)> {
    let scheme = dest.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    if scheme || dest.starts_with("//") || dest.starts_with("\\\\") {
        return None;
    }
    let (before, fragment) = dest.split_at(dest.find('#').unwrap_or(dest.len()));
    let (path, query) = before.split_at(before.find('?').unwrap_or(before.len()));
    Some((decode(path), query, fragment))
}

/// What `path` may mean, the likeliest first.
fn candidates<'a>(path: &'a str, bases: &'a Bases) -> impl Iterator<Item = String> + 'a {
    let rooted = path.starts_with('/');
    let root = std::iter::once("/");
    let bases = bases.0.iter().map(String::as_str).filter(move |_| !rooted).chain(root);
    bases.map(move |base| joined(base, path))
}

/// `path` seen from the folder `base`; `..` at the root stays there, as in browsers.
pub(super) fn joined(base: &str, path: &str) -> String {
    let mut segments: Vec<&str> = base.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut folder = true;
    for segment in path.split('/') {
        folder = true;
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => {
                segments.push(segment);
                folder = false;
            }
        }
    }
    let slash = if folder && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Site {
        guides: HashMap<GuidePath, usize>,
        by_file: HashMap<String, GuidePath>,
        files: HashMap<String, StaticFile>,
        redirects: HashMap<String, String>,
    }

    fn site() -> Site {
        let image = StaticFile {
            path: "x".into(),
            media_type: "image/png",
            length: 1,
            modified: None,
            dimensions: Some((4, 3)),
        };
        let guides = ["index.md", "tools/index.md", "tools/r.md", "data/s3 tips.md"];
        let guides: HashMap<GuidePath, usize> = guides
            .into_iter()
            .enumerate()
            .map(|(at, file)| (GuidePath::of_file(file).unwrap(), at))
            .collect();
        Site {
            by_file: HashMap::from([(
                "docs/tools/rstudio.md".into(),
                GuidePath::of_file("tools/r.md").unwrap(),
            )]),
            files: HashMap::from([("/images/a b.png".into(), image)]),
            redirects: HashMap::from([("/old.html".into(), "/tools/".into())]),
            guides,
        }
    }

    fn link(dest: &str) -> String {
        let site = site();
        let Site { guides, by_file, files, redirects } = &site;
        let bases = Bases(vec!["/tools/".into(), "/tools/r/".into(), "/docs/tools/".into()]);
        let names = &Names::of(&[], crate::guides::slug::Style::GitHub);
        match (Addresses { guides, by_file, files, redirects, names, history: &History::default() })
            .link(dest, &bases)
        {
            Target::Elsewhere => "elsewhere".into(),
            Target::Nowhere => "nowhere".into(),
            Target::Here(address) => address,
        }
    }

    #[test]
    fn every_way_to_write_a_link_leads_to_one_address() {
        for dest in [
            "r",
            "r/",
            "r.html",
            "r.md",
            "./r.html",
            "/tools/r",
            "/tools/r/index.html",
            "../r/",
            "rstudio.md",
        ] {
            assert_eq!(link(dest), "/tools/r/", "{dest}");
        }
        for dest in [".", "./", "index.html", "index.md", "../tools", "/tools/index", "tools/"] {
            assert_eq!(link(dest), "/tools/", "{dest}");
        }
        for dest in ["/", "/index.html", "../index.md", "../../../../"] {
            assert_eq!(link(dest), "/", "{dest}");
        }
    }

    #[test]
    fn fragments_queries_and_odd_characters_stay() {
        assert_eq!(link("r.html#set-up"), "/tools/r/#set-up");
        assert_eq!(link("#here"), "#here");
        assert_eq!(link("?q=1"), "?q=1");
        assert_eq!(link("/data/s3%20tips.html?x=1#y"), "/data/s3%20tips/?x=1#y");
        assert_eq!(link("../images/a%20b.png"), "/images/a%20b.png");
        assert_eq!(link("/old.html"), "/old.html");
    }

    #[test]
    fn other_sites_are_left_alone_and_nothing_is_nowhere() {
        for dest in ["https://a.org/r", "mailto:a@b.org", "//a.org", "javascript:alert(1)", "s3://x/y"] {
            assert_eq!(link(dest), "elsewhere", "{dest}");
        }
        for dest in ["missing", "/tools/R", "r/more", "/docs/build/x"] {
            assert_eq!(link(dest), "nowhere", "{dest}");
        }
    }
}
