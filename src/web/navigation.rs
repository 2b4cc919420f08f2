//! The tree of guides as one page shows it.
//!
//! Up to [`SMALL`] entries every page has the whole tree. Of a larger one a page has its top level, the way to the page
//! with the siblings along it, and what is directly below it; everything else is a click on a folder away. Of more than
//! [`MOST_SIBLINGS`] siblings it has those around the way. (docs/decisions/0011)

use crate::guides::Node;
use crate::theme::views::{Branch, More};

/// The most entries of a tree that every page has whole.
const SMALL: usize = 300;
/// The most siblings of a large tree that a page shows.
const MOST_SIBLINGS: usize = 120;

/// The branches that the page at `current` (percent-encoded) shows of the tree.
pub(super) fn branches(tree: &[Node], current: &str) -> Vec<Branch> {
    let mut way = Vec::new();
    find(tree, current, &mut way);
    let whole = is_small(tree, &mut 0);
    level(tree, Some(&way), current, whole)
}

/// The positions, level by level, that lead to `current`.
fn find(tree: &[Node], current: &str, way: &mut Vec<usize>) -> bool {
    for (at, node) in tree.iter().enumerate() {
        way.push(at);
        if node.url.as_deref() == Some(current) || find(&node.children, current, way) {
            return true;
        }
        way.pop();
    }
    false
}

fn is_small(tree: &[Node], counted: &mut usize) -> bool {
    tree.iter().all(|node| {
        *counted += 1;
        *counted <= SMALL && is_small(&node.children, counted)
    })
}

/// The branches of `nodes`. `way` leads on from here; `None` is beside it.
fn level(nodes: &[Node], way: Option<&[usize]>, current: &str, whole: bool) -> Vec<Branch> {
    let step = way.and_then(<[usize]>::split_first);
    let (first, last) = if whole { (0, nodes.len()) } else { window(nodes.len(), step.map(|(at, _)| *at)) };
    let mut branches = Vec::with_capacity(last - first + 2);
    if let Some(node) = first.checked_sub(1).and_then(|at| nodes.get(at)) {
        branches.push(left_out(node, More::Earlier(first)));
    }
    for (at, node) in nodes.iter().enumerate().take(last).skip(first) {
        let on = step.filter(|(on, _)| **on == at).map(|(_, rest)| rest);
        branches.push(branch(node, on, current, whole));
    }
    if let Some(node) = nodes.get(last) {
        branches.push(left_out(node, More::Later(nodes.len() - last)));
    }
    branches
}

fn branch(node: &Node, way: Option<&[usize]>, current: &str, whole: bool) -> Branch {
    let is_current = way.is_some() && node.url.as_deref() == Some(current);
    let children =
        if whole || way.is_some() { level(&node.children, way, current, whole) } else { Vec::new() };
    Branch {
        label: node.title.clone(),
        // A folder without a page of its own that is shown closed for good leads to the first guide in it.
        url: node.url.clone().or_else(|| first_address(node).filter(|_| children.is_empty())),
        current: is_current,
        open: way.is_some(),
        more: None,
        children,
    }
}

/// Which of `count` siblings are shown: those around `at`, else the first.
fn window(count: usize, at: Option<usize>) -> (usize, usize) {
    let first = at.unwrap_or(0).saturating_sub(MOST_SIBLINGS / 2).min(count.saturating_sub(MOST_SIBLINGS));
    (first, count.min(first + MOST_SIBLINGS))
}

fn left_out(nearest: &Node, more: More) -> Branch {
    Branch { url: first_address(nearest), more: Some(more), ..Branch::default() }
}

fn first_address(node: &Node) -> Option<String> {
    node.url.clone().or_else(|| node.children.iter().find_map(first_address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::Library;

    /// A tree of guides with these files.
    fn tree(files: impl IntoIterator<Item = String>) -> Vec<Node> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(&file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("# {file}\n")).unwrap();
        }
        let content = crate::config::Content { dir: dir.path().to_owned(), title: None, language: None };
        let today = jiff::civil::date(2026, 11, 24);
        Library::load(&content, today).unwrap().navigation().to_vec()
    }

    fn count(branches: &[Branch]) -> usize {
        branches.iter().map(|branch| 1 + count(&branch.children)).sum()
    }

    fn open<'a>(branches: &'a [Branch], out: &mut Vec<&'a str>) {
        for branch in branches.iter().filter(|branch| branch.open) {
            out.push(branch.url.as_deref().unwrap_or(&branch.label));
            open(&branch.children, out);
        }
    }

    fn files(folders: usize, guides: usize) -> impl Iterator<Item = String> {
        (0..folders)
            .flat_map(move |folder| (0..guides).map(move |guide| format!("f{folder:02}/g{guide:03}.md")))
    }

    #[test]
    fn a_small_tree_is_whole_and_open_along_the_way() {
        let tree = tree(files(5, 20));
        let branches = branches(&tree, "/f02/g007/");
        assert_eq!(count(&branches), 1 + 5 + 100);
        let mut way = Vec::new();
        open(&branches, &mut way);
        assert_eq!(way, ["F02", "/f02/g007/"]);
    }

    #[test]
    fn of_a_large_tree_a_page_has_the_top_and_its_surroundings() {
        let tree = tree(files(20, 30));
        let branches = branches(&tree, "/f02/g007/");
        assert_eq!(count(&branches), 1 + 20 + 30);
        let closed = branches.iter().find(|branch| branch.label == "F03").unwrap();
        assert_eq!(closed.url.as_deref(), Some("/f03/g000/"), "it leads to the first guide in it");
        assert_eq!(count(&super::branches(&tree, "/")), 1 + 20);
    }

    #[test]
    fn of_very_many_siblings_a_page_has_those_around_it() {
        let tree = tree(files(1, 700));
        let shown = branches(&tree, "/f00/g350/");
        let siblings = &shown[1].children;
        assert_eq!(siblings.len(), MOST_SIBLINGS + 2);
        assert_eq!(
            (siblings[0].more, siblings[0].url.as_deref()),
            (Some(More::Earlier(290)), Some("/f00/g289/"))
        );
        let last = siblings.last().unwrap();
        assert_eq!((last.more, last.url.as_deref()), (Some(More::Later(290)), Some("/f00/g410/")));
        assert_eq!(siblings.iter().filter(|branch| branch.current).count(), 1);
    }
}
