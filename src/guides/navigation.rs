//! The tree of guides, made of their addresses.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::library::Crumb;
use super::links::decode;
use super::page::{Page, Parsed};
use super::site::{Leads, Plan, Step, title_of_name};
use crate::model::{GuidePath, encode_path};

/// A guide, or a folder of guides, in the navigation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its title; a folder without an index has its name made readable.
    pub title: String,
    /// Its address, percent-encoded; `None` for a folder without an index.
    pub url: Option<String>,
    /// What is below it, in order.
    pub children: Vec<Node>,
    #[serde(skip)]
    weight: Option<i64>,
    /// Which guide it is.
    #[serde(skip)]
    pub(super) guide: Option<usize>,
}

impl Node {
    /// The same branch with these below it.
    pub(super) fn with(&self, children: Vec<Self>) -> Self {
        let Self { title, url, weight, guide, .. } = self;
        Self { title: title.clone(), url: url.clone(), children, weight: *weight, guide: *guide }
    }

    /// The same branch for somebody who may not know its guide: only its name and what is below it.
    pub(super) fn as_folder(&self, children: Vec<Self>) -> Self {
        let title = self.url.as_ref().map_or_else(
            || self.title.clone(),
            |url| title_of_name(decode(url).trim_end_matches('/').rsplit('/').next().unwrap_or_default()),
        );
        Self { title, url: None, children, weight: self.weight, guide: None }
    }
}

/// Grows the tree from `guides`; those that are hidden stay out. Where the site lays it down in a `plan`, that is
/// followed; else the front page comes first, everything else by weight, then by title.
pub(super) fn grow(guides: &[Arc<Parsed>], plan: Option<&Plan>) -> Vec<Node> {
    if let Some(plan) = plan {
        return Planned::new(guides).follow(&plan.steps);
    }
    let mut root = Branch::default();
    for (index, parsed) in guides.iter().enumerate().filter(|(_, parsed)| !parsed.hidden) {
        let mut branch = &mut root;
        for segment in parsed.guide.path.segments() {
            branch = branch.below.entry(segment.to_owned()).or_default();
        }
        branch.guide = Some(index);
    }
    let front = root.guide.map(|index| Branch { guide: Some(index), ..Branch::default() }.node("", guides));
    let mut nodes: Vec<Node> = front.into_iter().collect();
    nodes.extend(root.nodes(guides));
    nodes
}

/// The guides of a tree from top to bottom.
pub(super) fn reading_order(nodes: &[Node], out: &mut Vec<usize>) {
    for node in nodes {
        out.extend(node.guide);
        reading_order(&node.children, out);
    }
}

/// The way to the guide at `index` of `pages` as the tree has it, the front page first, without the guide itself.
pub(super) fn way(nodes: &[Node], pages: &[Arc<Page>], index: usize) -> Vec<Crumb> {
    let Some(page) = pages.get(index).filter(|page| page.guide().path != GuidePath::root()) else {
        return Vec::new();
    };
    let wanted = url(&page.guide().path);
    let mut way = Vec::new();
    descend(nodes, &wanted, &mut way);
    let front = pages.iter().find(|page| page.guide().path == GuidePath::root());
    let crumb = |node: &Node| Crumb { title: node.title.clone(), url: node.url.clone() };
    let front = front.map(|page| Crumb { title: page.guide().title.clone(), url: Some("/".to_owned()) });
    let above = way.into_iter().filter(|node| node.url.as_deref() != Some("/")).map(crumb);
    front.into_iter().chain(above).collect()
}

/// Finds the nodes above the first one at `wanted`.
fn descend<'a>(nodes: &'a [Node], wanted: &str, way: &mut Vec<&'a Node>) -> bool {
    nodes.iter().any(|node| {
        if node.url.as_deref() == Some(wanted) {
            return true;
        }
        way.push(node);
        let found = descend(&node.children, wanted, way);
        if !found {
            way.pop();
        }
        found
    })
}

/// The front page for a folder that has none: its guides, two levels deep, as Markdown.
pub(super) fn front_page(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        list_item(node, "", &mut out);
        for child in &node.children {
            list_item(child, "  ", &mut out);
        }
    }
    out
}

fn list_item(node: &Node, indent: &str, out: &mut String) {
    let mut title = String::new();
    for c in node.title.chars() {
        if c.is_ascii_punctuation() {
            title.push('\\');
        }
        title.push(if c.is_control() { ' ' } else { c });
    }
    match &node.url {
        Some(url) => {
            let _ = writeln!(out, "{indent}- [{title}](<{url}>)");
        }
        None => {
            let _ = writeln!(out, "{indent}- {title}");
        }
    }
}

/// The guides of a site that lays down its navigation.
struct Planned<'a> {
    guides: &'a [Arc<Parsed>],
    /// Those that have no place in the tree yet, by file.
    by_file: HashMap<&'a str, usize>,
    placed: HashSet<usize>,
}

impl<'a> Planned<'a> {
    fn new(guides: &'a [Arc<Parsed>]) -> Self {
        let by_file = guides.iter().enumerate().map(|(index, parsed)| (&*parsed.own_file, index)).collect();
        Self { guides, by_file, placed: HashSet::new() }
    }

    fn follow(mut self, steps: &[Step]) -> Vec<Node> {
        let mut nodes: Vec<Node> = steps.iter().filter_map(|step| self.node(step)).collect();
        let front = |parsed: &Arc<Parsed>| parsed.guide.path == GuidePath::root() && !parsed.hidden;
        if let Some(index) = self.guides.iter().position(front).filter(|index| !self.placed.contains(index)) {
            nodes.insert(0, Branch { guide: Some(index), ..Branch::default() }.node("", self.guides));
        }
        nodes
    }

    fn node(&mut self, step: &Step) -> Option<Node> {
        let index = match &step.leads {
            Leads::To(file) => self.by_file.get(&**file).copied(),
            Leads::Away(_) | Leads::Nowhere => None,
        };
        let parsed = index.and_then(|index| self.guides.get(index)).filter(|parsed| !parsed.hidden);
        // A guide stands in the tree as often as it is named, and in the reading order once.
        let guide = index.filter(|index| parsed.is_some() && self.placed.insert(*index));
        let children: Vec<Node> = step.below.iter().filter_map(|step| self.node(step)).collect();
        if parsed.is_none() && matches!(step.leads, Leads::To(_)) && children.is_empty() {
            return None;
        }
        let url = match &step.leads {
            Leads::Away(url) => Some(url.clone()),
            _ => parsed.map(|parsed| url(&parsed.guide.path)),
        };
        let named = step.title.clone().or_else(|| parsed.map(|parsed| parsed.guide.title.clone()));
        let title = named.or_else(|| url.clone()).unwrap_or_default();
        let title = step.number.as_ref().map_or_else(|| title.clone(), |number| format!("{number} {title}"));
        Some(Node { title, url, children, weight: None, guide })
    }
}

#[derive(Default)]
struct Branch {
    guide: Option<usize>,
    below: BTreeMap<String, Branch>,
}

impl Branch {
    fn nodes(&self, guides: &[Arc<Parsed>]) -> Vec<Node> {
        let mut nodes: Vec<Node> =
            self.below.iter().map(|(name, branch)| branch.node(name, guides)).collect();
        nodes.sort_by_cached_key(|node| (node.weight.is_none(), node.weight, node.title.to_lowercase()));
        nodes
    }

    fn node(&self, name: &str, guides: &[Arc<Parsed>]) -> Node {
        let children = self.nodes(guides);
        let guide = self.guide.and_then(|index| guides.get(index)).map(|parsed| &parsed.guide);
        Node {
            title: guide.map_or_else(|| title_of_name(name), |guide| guide.title.clone()),
            url: guide.map(|guide| url(&guide.path)),
            weight: guide
                .map_or_else(|| children.iter().filter_map(|node| node.weight).min(), |guide| guide.weight),
            guide: self.guide,
            children,
        }
    }
}

/// A guide's address, percent-encoded.
pub(super) fn url(path: &GuidePath) -> String {
    encode_path(path.as_str())
}
