//! Guides in several languages: `cy/…` beside the guides in the site's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::library::Library;
use super::navigation::Node;
use super::page::Page;
use crate::model::GuidePath;

/// The two-letter languages of ISO 639-1.
const KNOWN: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de \
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io \
    is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt \
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn \
    so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// The language of a site that does not say.
const DEFAULT: &str = "en";

/// The guides of one language beside the site's own.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    /// Its tag, which is the name of its folder.
    pub(super) tag: String,
    /// Its tree: its first page, then everything else.
    pub(super) navigation: Vec<Node>,
}

/// A guide as readers of one language find it.
#[derive(Clone, Copy, Debug)]
pub struct Translation<'a> {
    /// The language (BCP 47).
    pub language: &'a str,
    /// Whether it is the site's own.
    pub first: bool,
    /// The guide in that language, else the first page in it.
    pub page: &'a Arc<Page>,
    /// Whether it is the same guide.
    pub same: bool,
}

/// The top folders that hold a language: named by its tag, with a first page, and at least one other guide that is
/// also there without the folder. (`it/` for a team of that name is no Italian.)
pub(super) fn spoken<'a>(paths: impl Iterator<Item = &'a GuidePath> + Clone) -> BTreeSet<String> {
    let all: BTreeSet<&str> = paths.clone().map(GuidePath::as_str).collect();
    let translated = |path: &'a GuidePath| {
        let folder = path.segments().next().filter(|folder| is_tag(folder))?;
        let same = path.as_str().get(folder.len() + 1..).filter(|same| *same != "/")?;
        (all.contains(same) && all.contains(&*format!("/{folder}/"))).then(|| folder.to_owned())
    };
    paths.filter_map(translated).collect()
}

/// `cy`, `pt-br`, `zh-Hant`.
fn is_tag(folder: &str) -> bool {
    let (language, rest) = folder.split_once('-').unwrap_or((folder, ""));
    let known = KNOWN.split(' ').any(|known| known == language);
    known
        && (rest.is_empty()
            || matches!(rest.len(), 2 | 4) && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// The folder of another language that `path` is in.
pub(super) fn folder_of<'a>(path: &'a GuidePath, spoken: &BTreeSet<String>) -> Option<&'a str> {
    path.segments().next().filter(|folder| spoken.contains(*folder))
}

/// Takes the trees of other languages out of the site's own.
pub(super) fn part(navigation: &mut Vec<Node>, spoken: &BTreeSet<String>) -> Vec<Spoken> {
    let take = |tag: &String| {
        let address = format!("/{tag}/");
        let at = navigation.iter().position(|node| node.url.as_ref() == Some(&address))?;
        let mut front = navigation.remove(at);
        let below = std::mem::take(&mut front.children);
        Some(Spoken { tag: tag.clone(), navigation: std::iter::once(front).chain(below).collect() })
    };
    spoken.iter().filter_map(take).collect()
}

impl Library {
    /// The language of guides that do not say theirs.
    #[must_use]
    pub fn language(&self) -> &str {
        self.content.language.as_deref().or(self.site.language.as_deref()).unwrap_or(DEFAULT)
    }

    /// The languages that there are guides in, the site's own first.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.language()).chain(self.spoken.iter().map(|spoken| &*spoken.tag))
    }

    /// The language that `page` is in.
    #[must_use]
    pub fn language_of<'a>(&'a self, page: &'a Page) -> &'a str {
        page.guide().language.as_deref().unwrap_or_else(|| self.language())
    }

    /// The first page for readers of `page`: `/`, or `/cy/`.
    #[must_use]
    pub fn front_of(&self, page: &Page) -> String {
        self.spoken_by(page).map_or_else(|| "/".to_owned(), |spoken| format!("/{}/", spoken.tag))
    }

    /// The tree of guides in the language of `page`.
    #[must_use]
    pub fn navigation_for(&self, page: &Page) -> &[Node] {
        self.spoken_by(page).map_or(&self.navigation, |spoken| &spoken.navigation)
    }

    /// The site's languages, its own first, and where `page` is in each; empty where there is only one.
    #[must_use]
    pub fn translations(&self, page: &Page) -> Vec<Translation<'_>> {
        let Some(home) = self.page("/").filter(|_| !self.spoken.is_empty()) else { return Vec::new() };
        let here = page.guide().path.as_str();
        let bare = match self.spoken_by(page) {
            Some(spoken) => here.get(spoken.tag.len() + 1..).unwrap_or("/"),
            None => here,
        };
        let own = self.page(bare);
        let first = Translation {
            language: self.language(),
            first: true,
            page: own.unwrap_or(home),
            same: own.is_some(),
        };
        let others = self.spoken.iter().filter_map(|Spoken { tag, .. }| {
            let same = self.page(&format!("/{tag}{bare}"));
            let page = same.or_else(|| self.page(&format!("/{tag}/")))?;
            Some(Translation { language: tag, first: false, page, same: same.is_some() })
        });
        std::iter::once(first).chain(others).collect()
    }

    /// The other language that addresses like `path` are in.
    #[must_use]
    pub fn language_at(&self, path: &str) -> Option<&str> {
        let folder = path.strip_prefix('/')?.split('/').next()?;
        self.spoken.iter().find(|spoken| spoken.tag == folder).map(|spoken| &*spoken.tag)
    }

    pub(super) fn spoken_by(&self, page: &Page) -> Option<&Spoken> {
        let folder = page.guide().path.segments().next()?;
        self.spoken.iter().find(|spoken| spoken.tag == folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str]) -> Vec<String> {
        let paths: Vec<GuidePath> = files.iter().map(|file| GuidePath::of_file(file).unwrap()).collect();
        spoken(paths.iter()).into_iter().collect()
    }

    #[test]
    fn a_folder_is_a_language_when_it_translates_something() {
        assert_eq!(
            found(&["index.md", "a.md", "cy/index.md", "cy/a.md", "pt-br/index.md", "pt-br/a.md"]),
            ["cy", "pt-br"]
        );
        assert_eq!(found(&["index.md", "it/index.md", "it/laptops.md", "hr/index.md"]), Vec::<String>::new());
        assert_eq!(found(&["a.md", "cy/a.md"]), Vec::<String>::new(), "without a first page");
        assert_eq!(found(&["a.md", "xx/index.md", "xx/a.md", "cymraeg/a.md"]), Vec::<String>::new());
    }
}
