//! What kind of site a content folder is, and what the site says of itself.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use url::Url;

use super::front_matter::Unparsed;
use super::problem::{Place, Problem, ProblemKind};
use super::slug::Style;
use crate::config;
use crate::model::encode_path;

mod md_book;
mod mk_docs;
mod pairs;
mod plan;
mod summary;
mod tech_docs;

pub(super) use plan::{Leads, Plan, Step};

/// The files that say what kind of site a folder is, relative to it.
const RECOGNISED: [(&str, Kind); 4] = [
    ("config/tech-docs.yml", Kind::TechDocs),
    ("book.toml", Kind::MdBook),
    ("mkdocs.yml", Kind::MkDocs),
    ("mkdocs.yaml", Kind::MkDocs),
];

/// Settings that are longer are not read.
const LONGEST_SETTINGS: u64 = 4 << 20;

/// The kinds of site that are served as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A folder of Markdown.
    Folder,
    /// A tech-docs-gem (Middleman) site: stubs, partials and `config/tech-docs.yml`.
    TechDocs,
    /// An mdBook: `book.toml` and `SUMMARY.md`.
    MdBook,
    /// A site of `MkDocs`, Material for `MkDocs` included: `mkdocs.yml`.
    MkDocs,
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
    /// One sentence about it.
    pub description: Option<String>,
    /// The language of its guides as a BCP 47 tag, where the settings say it.
    pub language: Option<String>,
    /// Whether readers are told of a review that is overdue.
    pub shows_expiry: bool,
    /// Where a file can be edited, with `{file}` for its path, or `{path}` for its path in the guides' folder.
    pub(super) edit: Option<String>,
    pub(super) slack_workspace: Option<String>,
    pub(super) default_owner: Option<String>,
    pub(super) redirects: Vec<(String, String)>,
    /// What every guide's file lies below, relative to the content folder: empty, or ending with a slash.
    pub(super) prefix: Arc<str>,
    /// The navigation, where the settings lay it down.
    pub(super) plan: Option<Plan>,
    /// Folders that `--8<--` looks into before any other, relative to the content folder.
    pub(super) include_from: Vec<String>,
    /// What begins a line of code that is not shown, by language.
    pub(super) hidden_lines: HashMap<String, String>,
    /// The files that all this was read from, relative to the content folder.
    pub(super) settings: Vec<String>,
    /// What is wrong with them.
    pub(super) problems: Vec<Problem>,
}

/// The text of a settings file.
struct Settings<'a> {
    /// Relative to the content folder.
    file: &'a str,
    text: &'a str,
}

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteLink {
    /// What it says.
    pub title: String,
    /// Where it leads, as the site's settings have it.
    pub url: String,
}

impl SiteLink {
    /// Whether it leads to the web, and not to a scheme that acts.
    fn is_of_the_web(&self) -> bool {
        self.url.starts_with("https://") || self.url.starts_with("http://")
    }
}

impl Site {
    /// Reads the site's own settings; those that do not parse become a problem, and the site goes on without.
    pub(super) fn load(content: &config::Content) -> Self {
        let found = RECOGNISED.into_iter().find(|(file, _)| content.dir.join(file).is_file());
        let Some((file, kind)) = found else { return Self::bare(content, Kind::Folder) };
        let site = read(&content.dir, file).and_then(|text| {
            let settings = Settings { file, text: &text };
            match kind {
                Kind::TechDocs => tech_docs::read(content, &settings),
                Kind::MdBook => md_book::read(content, &settings),
                Kind::MkDocs => mk_docs::read(content, &settings),
                Kind::Folder => Ok(Self::bare(content, kind)),
            }
        });
        site.unwrap_or_else(|Unparsed { line, reason }| {
            let message = format!("settings `{file}` are not used, they do not parse: {reason}");
            let problem =
                Problem::error(&Place { file: file.into(), line }, ProblemKind::FrontMatter, message);
            Self { problems: vec![problem], ..Self::bare(content, kind) }
        })
    }

    /// Whether one of the `touched` files decides what the site is.
    pub(super) fn is_decided_by(&self, touched: &BTreeSet<String>) -> bool {
        let mut decisive =
            RECOGNISED.iter().map(|(file, _)| *file).chain(self.settings.iter().map(|file| &**file));
        decisive.any(|file| touched.contains(file))
    }

    /// `file` relative to the folder of the guides; `None` where it lies outside.
    pub(super) fn inside<'a>(&self, file: &'a str) -> Option<&'a str> {
        file.strip_prefix(&*self.prefix)
    }

    /// Where `owner` can be asked, when that is a channel or a person of a Slack workspace.
    #[must_use]
    pub fn owner_url(&self, owner: &str) -> Option<String> {
        let workspace = self
            .slack_workspace
            .as_deref()
            .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))?;
        let name = owner.strip_prefix(['#', '@'])?;
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        (plain && !name.is_empty()).then(|| format!("https://{workspace}.slack.com/messages/{name}"))
    }

    /// Where `file` (relative to the content folder) can be edited.
    #[must_use]
    pub fn edit_url(&self, file: &str) -> Option<String> {
        let path = self.inside(file).unwrap_or(file);
        let edit = self.edit.as_ref().filter(|_| !file.is_empty());
        edit.map(|edit| edit.replace("{file}", &encode_path(file)).replace("{path}", &encode_path(path)))
    }

    /// The name for a site that does not say its own.
    pub(super) fn title_of(content: &config::Content) -> String {
        content.title.clone().unwrap_or_else(|| folder_title(&content.dir))
    }

    /// A site of `kind` that says nothing of itself.
    fn bare(content: &config::Content, kind: Kind) -> Self {
        let prefix = match kind {
            Kind::Folder => "",
            Kind::TechDocs => "source/",
            Kind::MdBook => "src/",
            Kind::MkDocs => "docs/",
        };
        Self {
            kind,
            title: Self::title_of(content),
            home: None,
            base_url: None,
            header_links: Vec::new(),
            footer_links: Vec::new(),
            contents_depth: 3,
            keep_out_robots: false,
            description: None,
            language: None,
            shows_expiry: true,
            edit: None,
            slack_workspace: None,
            default_owner: None,
            redirects: Vec::new(),
            prefix: prefix.into(),
            plan: None,
            include_from: Vec::new(),
            hidden_lines: HashMap::new(),
            settings: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl Kind {
    pub(super) fn slugs(self) -> Style {
        match self {
            Self::Folder | Self::MdBook => Style::GitHub,
            Self::MkDocs => Style::MkDocs,
            Self::TechDocs => Style::TechDocs,
        }
    }
}

/// The text of the settings `file`.
fn read(dir: &Path, file: &str) -> Result<String, Unparsed> {
    let path = dir.join(file);
    let unread = |reason: String| Unparsed { line: None, reason };
    let length = std::fs::metadata(&path).map_err(|error| unread(error.to_string()))?.len();
    if length > LONGEST_SETTINGS {
        return Err(unread(format!("it is {length} bytes long; settings may have {LONGEST_SETTINGS}")));
    }
    std::fs::read_to_string(&path).map_err(|error| unread(error.to_string()))
}

/// A folder that settings name, as a prefix of the files in it; `None` where it would leave the content folder.
fn folder_prefix(given: &str) -> Option<String> {
    let mut prefix = String::new();
    for segment in given.split('/') {
        match segment {
            "" if prefix.is_empty() && given.starts_with('/') => return None,
            "" | "." => {}
            ".." => return None,
            segment => {
                prefix.push_str(segment);
                prefix.push('/');
            }
        }
    }
    Some(prefix)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder of Markdown",
            Self::TechDocs => "a tech-docs-gem site",
            Self::MdBook => "an mdBook",
            Self::MkDocs => "an MkDocs site",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(settings: &str) -> Site {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("config")).unwrap();
        std::fs::write(dir.path().join("config/tech-docs.yml"), settings).unwrap();
        Site::load(&config::Content { dir: dir.path().to_owned(), title: None, language: None })
    }

    #[test]
    fn a_tech_docs_site_says_what_it_is() {
        let site = loaded(
            "service_name: The Guide\nhost: https://guide.example\nheader_links:\n  Zebra: https://z.example\n  \
             Ape: /ape/\nmax_toc_heading_level: 2\nredirects:\n  /old.html: /new/\ngithub_repo: org/site\n\
             show_contribution_banner: true\nunknown: [1]\n",
        );
        assert_eq!(site.problems, []);
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
        let site = loaded("service_name: [\n");
        assert_eq!(site.kind, Kind::TechDocs);
        assert_eq!(site.problems.len(), 1);
        assert!(loaded("# nothing\n").problems.is_empty());
        assert!(loaded("header_links:\n").problems.is_empty());
    }

    #[test]
    fn a_name_becomes_a_title() {
        assert_eq!(title_of_name("create-a-derived_table"), "Create a derived table");
        assert_eq!(title_of_name(""), "");
    }
}
