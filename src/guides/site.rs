//! What kind of site a content folder is, and what the site says of itself.

use std::fmt;
use std::path::Path;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::front_matter::Unparsed;
use super::problem::{Place, Problem, ProblemKind};
use super::slug::Style;
use crate::config;

/// Where tech-docs-gem keeps its settings, relative to the content folder.
pub(super) const TECH_DOCS_SETTINGS: &str = "config/tech-docs.yml";

/// The kinds of site that are served as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A folder of Markdown.
    Folder,
    /// A tech-docs-gem (Middleman) site: stubs, partials and `config/tech-docs.yml`.
    TechDocs,
}

/// What a site says of itself.
#[derive(Clone, Debug)]
pub struct Site {
    /// What kind it is.
    pub kind: Kind,
    /// Its name.
    pub title: String,
    /// Where its name leads, when that is not its front page.
    pub home: Option<String>,
    /// Where it is published; for canonical addresses.
    pub base_url: Option<Url>,
    /// Links for the top of every page, in order.
    pub header_links: Vec<SiteLink>,
    /// Links for the foot of every page, in order.
    pub footer_links: Vec<SiteLink>,
    /// The deepest heading level in a page's table of contents.
    pub contents_depth: u8,
    /// Whether search engines are asked to stay away.
    pub keep_out_robots: bool,
    /// Where a file can be edited, with `{file}` for its path.
    pub(super) edit: Option<String>,
    pub(super) default_owner: Option<String>,
    pub(super) redirects: Vec<(String, String)>,
}

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteLink {
    /// What it says.
    pub title: String,
    /// Where it leads, as the site's settings have it.
    pub url: String,
}

impl Site {
    /// Reads the site's own settings; those that do not parse become a problem, and the site goes on without.
    pub(super) fn load(content: &config::Content) -> (Self, Vec<Problem>) {
        let settings = content.dir.join(TECH_DOCS_SETTINGS);
        if !settings.is_file() {
            return (Self::folder(content), Vec::new());
        }
        match TechDocs::read(&settings) {
            Ok(settings) => (settings.into_site(content), Vec::new()),
            Err(Unparsed { line, reason }) => {
                let place = Place { file: TECH_DOCS_SETTINGS.into(), line };
                let message =
                    format!("settings `{TECH_DOCS_SETTINGS}` are not used, they do not parse: {reason}");
                let problem = Problem::error(&place, ProblemKind::FrontMatter, message);
                (TechDocs::default().into_site(content), vec![problem])
            }
        }
    }

    /// Where `file` (relative to the content folder) can be edited.
    #[must_use]
    pub fn edit_url(&self, file: &str) -> Option<String> {
        self.edit.as_ref().filter(|_| !file.is_empty()).map(|edit| edit.replace("{file}", file))
    }

    /// The name for a site that does not say its own.
    pub(super) fn title_of(content: &config::Content) -> String {
        content.title.clone().unwrap_or_else(|| folder_title(&content.dir))
    }

    fn folder(content: &config::Content) -> Self {
        Self {
            kind: Kind::Folder,
            title: Self::title_of(content),
            home: None,
            base_url: None,
            header_links: Vec::new(),
            footer_links: Vec::new(),
            contents_depth: 3,
            keep_out_robots: false,
            edit: None,
            default_owner: None,
            redirects: Vec::new(),
        }
    }
}

impl Kind {
    /// What every guide's file lies below, relative to the content folder: empty, or ending with a slash.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Folder => "",
            Self::TechDocs => "source/",
        }
    }

    pub(super) fn slugs(self) -> Style {
        match self {
            Self::Folder => Style::GitHub,
            Self::TechDocs => Style::TechDocs,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder of Markdown",
            Self::TechDocs => "a tech-docs-gem site",
        })
    }
}

/// A file or folder name as a title: `create-a-derived-table` is "Create a derived table".
pub(super) fn title_of_name(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn folder_title(dir: &Path) -> String {
    let full = dir.canonicalize();
    let name = full.as_deref().unwrap_or(dir).file_name().map(|name| name.to_string_lossy().into_owned());
    name.map(|name| title_of_name(&name))
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| "Guides".to_owned())
}

/// The keys of `config/tech-docs.yml` that mean something here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TechDocs {
    service_name: Option<String>,
    service_link: Option<String>,
    host: Option<String>,
    header_links: Pairs,
    footer_links: Pairs,
    redirects: Pairs,
    max_toc_heading_level: Option<u8>,
    prevent_indexing: bool,
    show_contribution_banner: bool,
    github_repo: Option<String>,
    github_branch: Option<String>,
    default_owner_slack: Option<String>,
}

impl TechDocs {
    fn read(settings: &Path) -> Result<Self, Unparsed> {
        let text = std::fs::read_to_string(settings)
            .map_err(|error| Unparsed { line: None, reason: error.to_string() })?;
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(&text).map_err(|error| Unparsed::of(&error, 0))
    }

    fn into_site(self, content: &config::Content) -> Site {
        let edit = self.github_repo.filter(|_| self.show_contribution_banner).map(|repository| {
            let branch = self.github_branch.as_deref().unwrap_or("main");
            format!("https://github.com/{repository}/edit/{branch}/{{file}}")
        });
        Site {
            kind: Kind::TechDocs,
            title: self.service_name.unwrap_or_else(|| Site::title_of(content)),
            home: self.service_link,
            base_url: self.host.and_then(|host| Url::parse(&host).ok()).filter(Url::has_host),
            header_links: self.header_links.links(),
            footer_links: self.footer_links.links(),
            contents_depth: self.max_toc_heading_level.unwrap_or(6).clamp(2, 6),
            keep_out_robots: self.prevent_indexing,
            edit,
            default_owner: self.default_owner_slack,
            redirects: self.redirects.0,
        }
    }
}

/// A mapping whose order matters.
#[derive(Debug, Default)]
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn links(self) -> Vec<SiteLink> {
        self.0.into_iter().map(|(title, url)| SiteLink { title, url }).collect()
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from words to addresses")
            }

            fn visit_unit<E>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Option<String>>()? {
                    pairs.push((key, value.unwrap_or_default()));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_any(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(settings: &str) -> (Site, Vec<Problem>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("config")).unwrap();
        std::fs::write(dir.path().join(TECH_DOCS_SETTINGS), settings).unwrap();
        Site::load(&config::Content { dir: dir.path().to_owned(), title: None, language: None })
    }

    #[test]
    fn a_tech_docs_site_says_what_it_is() {
        let (site, problems) = loaded(
            "service_name: The Guide\nhost: https://guide.example\nheader_links:\n  Zebra: https://z.example\n  \
             Ape: /ape/\nmax_toc_heading_level: 2\nredirects:\n  /old.html: /new/\ngithub_repo: org/site\n\
             show_contribution_banner: true\nunknown: [1]\n",
        );
        assert_eq!(problems, []);
        assert_eq!((site.kind, &*site.title, site.contents_depth), (Kind::TechDocs, "The Guide", 2));
        let order: Vec<&str> = site.header_links.iter().map(|link| &*link.title).collect();
        assert_eq!(order, ["Zebra", "Ape"]);
        assert_eq!(site.redirects, [("/old.html".to_owned(), "/new/".to_owned())]);
        assert_eq!(
            site.edit_url("source/a.md").unwrap(),
            "https://github.com/org/site/edit/main/source/a.md"
        );
    }

    #[test]
    fn settings_that_do_not_parse_are_a_problem_and_no_end() {
        let (site, problems) = loaded("service_name: [\n");
        assert_eq!(site.kind, Kind::TechDocs);
        assert_eq!(problems.len(), 1);
        assert!(loaded("# nothing\n").1.is_empty());
        assert!(loaded("header_links:\n").1.is_empty());
    }

    #[test]
    fn a_name_becomes_a_title() {
        assert_eq!(title_of_name("create-a-derived_table"), "Create a derived table");
        assert_eq!(title_of_name(""), "");
    }
}
