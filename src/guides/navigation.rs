//! The tree of guides, made of their addresses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::links::decode;
use super::page::Parsed;
use super::site::title_of_name;
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

/// Grows the tree from `guides`; those that are hidden stay out. The front page comes first, everything else by
/// weight, then by title.
pub(super) fn grow(guides: &[Arc<Parsed>]) -> Vec<Node> {
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
