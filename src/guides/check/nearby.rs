//! What a broken link or image may have meant.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::guides::library::Library;
use crate::guides::links::{canonical, decode, joined};
use crate::guides::page::Parsed;
use crate::guides::problem::nearest;

/// A site may hold more guides; then only those of the same folder are compared with a broken link. And so with
/// images.
const MOST_COMPARED: usize = 500;

/// What a broken link or image may have meant, in one library.
pub(super) struct Nearby<'a> {
    library: &'a Library,
    /// Made when something is broken, which is seldom.
    tables: OnceLock<Tables<'a>>,
}

/// The guides by their names and by their folders.
struct Tables<'a> {
    by_name: HashMap<&'a str, Vec<&'a str>>,
    by_folder: HashMap<&'a str, Vec<&'a str>>,
    /// Whether all of them can be compared.
    few: bool,
    /// The addresses of images by their names, in small letters.
    images: HashMap<String, Vec<&'a str>>,
}

impl<'a> Tables<'a> {
    fn of(library: &'a Library) -> Self {
        let few = library.pages().len() <= MOST_COMPARED;
        let mut images: HashMap<String, Vec<&str>> = HashMap::new();
        for (address, file) in &*library.files {
            if file.media_type.starts_with("image/") {
                images.entry(folder_and_name(address).1.to_lowercase()).or_default().push(address);
            }
        }
        let mut tables = Self { by_name: HashMap::new(), by_folder: HashMap::new(), few, images };
        for page in library.pages() {
            let address = page.guide().path.as_str();
            let (folder, name) = folder_and_name(address);
            tables.by_name.entry(name).or_default().push(address);
            tables.by_folder.entry(folder).or_default().push(address);
        }
        tables
    }
}

impl<'a> Nearby<'a> {
    pub(super) fn of(library: &'a Library) -> Self {
        Self { library, tables: OnceLock::new() }
    }

    fn tables(&self) -> &Tables<'a> {
        self.tables.get_or_init(|| Tables::of(self.library))
    }

    /// The only guide of the name that `dest` has, else the address that resembles it most, in its folder.
    pub(super) fn guide(&self, parsed: &Parsed, dest: &str) -> Option<&'a str> {
        let path = decode(dest.split(['#', '?']).next().unwrap_or_default());
        let base = parsed.bases().0.into_iter().next().filter(|_| !path.starts_with('/'));
        let wanted = canonical(&joined(base.as_deref().unwrap_or("/"), &path));
        let (folder, name) = folder_and_name(&wanted);
        let tables = self.tables();
        let same_name = tables.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        if let [only] = same_name {
            return Some(only);
        }
        let beside = tables.by_folder.get(folder).map(Vec::as_slice).unwrap_or_default();
        let anywhere = tables.by_folder.values().filter(|_| tables.few).flatten();
        let candidates = same_name.iter().chain(beside).take(MOST_COMPARED).chain(anywhere);
        nearest(&wanted, candidates.copied())
    }

    /// The image that `dest` most likely means: of the same name elsewhere, else of the name that is most alike.
    pub(super) fn image(&self, parsed: &Parsed, dest: &str) -> Option<&'a str> {
        let path = decode(dest.split(['#', '?']).next().unwrap_or_default());
        let base = parsed.bases().0.into_iter().next().filter(|_| !path.starts_with('/'));
        let wanted = joined(base.as_deref().unwrap_or("/"), &path);
        let name = folder_and_name(&wanted).1.to_lowercase();
        let images = &self.tables().images;
        let alike = match images.get(&name) {
            Some(same) => same,
            None if images.len() <= MOST_COMPARED => {
                images.get(nearest(&name, images.keys().map(String::as_str))?)?
            }
            None => return None,
        };
        let likeness = |address: &&str| strsim::normalized_damerau_levenshtein(&wanted, address);
        let best = alike.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)).then_with(|| b.cmp(a)));
        best.copied()
    }
}

/// `/a/b/` is `/a/` and `b`.
fn folder_and_name(address: &str) -> (&str, &str) {
    let inside = address.trim_end_matches('/');
    let name = inside.rsplit('/').next().unwrap_or_default();
    (inside.strip_suffix(name).unwrap_or(inside), name)
}
