//! Former addresses, and where they lead now.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::links::{canonical, decode};
use super::page::Parsed;
use super::problem::{Problem, ProblemKind};
use super::site::{Kind, Site};
use crate::model::{GuidePath, encode_path};

/// Former addresses, from the site's settings, from guides and from the repository's history, with where they lead in the end: a path of this host,
/// percent-encoded, perhaps with a fragment, or an address on the web. Those that lead in a circle are problems.
pub(super) fn redirects<'a>(
    site: &Site,
    parsed: &[Arc<Parsed>],
    at: &HashMap<GuidePath, usize>,
    remembered: impl Iterator<Item = (GuidePath, &'a str)>,
    by_file: &HashMap<String, GuidePath>,
) -> (HashMap<String, String>, Vec<Problem>) {
    let configured = site.redirects.iter().map(|(from, to)| (from.clone(), destination(to)));
    let former = parsed.iter().flat_map(|parsed| {
        let to = encode_path(parsed.guide.path.as_str());
        parsed.former_paths.iter().map(move |from| (from.clone(), Some(to.clone())))
    });
    // A chapter that became the front page had an address of its own as well.
    let front =
        parsed.iter().filter(|parsed| site.kind == Kind::MdBook && parsed.guide.path == GuidePath::root());
    let front = front.filter_map(|parsed| site.inside(&parsed.own_file));
    let front = front.map(|file| (file.to_owned(), Some("/".to_owned())));
    let mut steps = HashMap::new();
    for (from, to) in configured.chain(former).chain(front) {
        // A fragment never reaches a server.
        let from = from.split('#').next().unwrap_or_default();
        let from = format!("/{}", decode(from.trim_start_matches('/')));
        let guide = canonical(&from);
        if let Some(to) = to.filter(|to| decode(to) != guide && !at.contains_key(&*from)) {
            if !at.contains_key(&*guide) {
                steps.entry(guide).or_insert_with(|| to.clone());
            }
            steps.entry(from).or_insert(to);
        }
    }
    // What authors say goes before what the repository remembers.
    for (from, file) in remembered.filter(|(from, _)| !at.contains_key(from)) {
        if let Some(to) = by_file.get(file) {
            steps.entry(from.as_str().to_owned()).or_insert_with(|| encode_path(to.as_str()));
        }
    }
    let mut circles = BTreeMap::new();
    let mut out = HashMap::with_capacity(steps.len());
    for from in steps.keys() {
        match followed(from, &steps) {
            Some(to) => {
                out.insert(from.clone(), to);
            }
            None => {
                circles.entry(canonical(from)).or_insert_with(|| from.clone());
            }
        }
    }
    let problem = |from: String| {
        let message =
            format!("the redirect from `{from}` leads in a circle and is left out; name where it should end");
        let names_it = |parsed: &&Arc<Parsed>| parsed.former_paths.iter().any(|path| path.contains(&*from));
        let file = parsed
            .iter()
            .find(names_it)
            .map(|parsed| &*parsed.own_file)
            .or(site.settings.first().map(|file| &**file))
            .unwrap_or_default();
        Problem::error(file, ProblemKind::FrontMatter, message)
    };
    (out, circles.into_keys().map(problem).collect())
}

/// Where `from` leads in the end; `None` where that is nowhere. A fragment stays until a later step names its own.
fn followed(from: &str, steps: &HashMap<String, String>) -> Option<String> {
    let mut to = steps.get(from)?.clone();
    let mut seen = HashSet::from([from.to_owned()]);
    loop {
        let (path, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
        let path = decode(path);
        let Some(next) =
            steps.get(&path).or_else(|| steps.get(&canonical(&path))).filter(|_| path.starts_with('/'))
        else {
            return Some(to);
        };
        if !seen.insert(path) {
            return None;
        }
        to = if next.contains('#') { next.clone() } else { format!("{next}{fragment}") };
    }
}

/// Where a redirect of the site's settings may lead: the web, or a path on this host.
fn destination(to: &str) -> Option<String> {
    if to.starts_with("https://") || to.starts_with("http://") {
        return url::Url::parse(to).ok().map(String::from);
    }
    let (path, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
    let path = format!("/{}", decode(path).trim_start_matches(['/', '\\']));
    let clean = !path.contains(['\\', '?'])
        && !path.chars().any(char::is_control)
        && !fragment.chars().any(char::is_control);
    clean.then(|| format!("{}{}", encode_path(&canonical(&path)), fragment.replace(' ', "%20")))
}
