//! A release as it is served: everything about its files that no request changes, made once.
//!
//! 1. [`File`]: one file with its headers ready. [`Site`]: a release's files by name and by address, and its rules.
//! 2. [`choose`]: what an address answers, by files, rules, the fallback and `404.html`.
//! 3. [`sites`]: the sites in memory, and [`attic`]: what earlier releases had and the current one lacks.

mod attic;
mod choose;
mod file;
mod sites;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;
use http::HeaderValue;
use jiff::Timestamp;

pub(super) use choose::Choice;
pub(super) use file::File;
pub use sites::Sites;

use super::conditional::Modified;
use super::encoding::Coding;
use super::resolve::{alias, canonical};
use crate::model::{AppName, FilePath, Manifest, ReleaseId};
use crate::releases::{HEADERS, REDIRECTS, Rules};

/// A release, ready to be served.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) app: AppName,
    pub(super) release: ReleaseId,
    /// When the release was begun.
    pub(super) when: Timestamp,
    files: Vec<File>,
    names: HashMap<Arc<str>, Name, RandomState>,
    rules: Rules,
    /// The modification date that was last asked for, as it is written: nearly always the same.
    dated: ArcSwapOption<(Modified, HeaderValue)>,
}

/// What a name means in this release.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    /// The file with exactly this path.
    file: Option<u32>,
    /// The file that is served at this address.
    served: Option<u32>,
}

/// What is at an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'s> {
    /// This file is served here.
    Here(&'s File),
    /// This file is served at its own address.
    Elsewhere(&'s File),
    /// Nothing.
    Nothing,
}

impl Site {
    /// Makes a release ready.
    #[must_use]
    pub(super) fn new(manifest: &Manifest, rules: Rules) -> Self {
        let is_rules = |path: &FilePath| matches!(path.as_str(), REDIRECTS | HEADERS);
        let listed = manifest.files.iter().filter(|(path, _)| !is_rules(path));
        let is_file = |path: &str| manifest.files.contains_key(path);
        let mut files = Vec::with_capacity(manifest.files.len());
        let mut names: HashMap<Arc<str>, Name, RandomState> =
            HashMap::with_capacity_and_hasher(manifest.files.len() * 2, RandomState::default());
        for (path, entry) in listed {
            let Ok(index) = u32::try_from(files.len()) else { break };
            let address = canonical(path.as_str(), is_file);
            names.entry(path.shared()).or_default().file = Some(index);
            names.entry(address.as_ref().into()).or_default().served = Some(index);
            let sibling = |coding: Coding| {
                let path: FilePath = format!("{path}{}", coding.ending()).parse().ok()?;
                manifest.files.contains_key(&path).then_some(path)
            };
            files.push(File::new(path, entry, &address, sibling));
        }
        let (app, release, when) = (manifest.app.clone(), manifest.id, manifest.when);
        Self { app, release, when, files, names, rules, dated: ArcSwapOption::empty() }
    }

    /// What is at `address`, which has no slash at its start.
    #[must_use]
    pub(super) fn find(&self, address: &str) -> Found<'_> {
        if let Some(file) = self.names.get(address).and_then(|name| self.file(name.served)) {
            return Found::Here(file);
        }
        let is_file = |path: &str| self.at(path).is_some();
        match alias(address, is_file).and_then(|path| self.at(&path)) {
            Some(file) => Found::Elsewhere(file),
            None => Found::Nothing,
        }
    }

    /// The file with exactly this path.
    #[must_use]
    pub(super) fn at(&self, path: &str) -> Option<&File> {
        self.names.get(path).and_then(|name| self.file(name.file))
    }

    /// `modified` as `Last-Modified` writes it.
    #[must_use]
    pub(super) fn last_modified(&self, modified: Modified) -> Option<HeaderValue> {
        if let Some(dated) = &*self.dated.load()
            && dated.0 == modified
        {
            return Some(dated.1.clone());
        }
        let written = modified.header()?;
        self.dated.store(Some(Arc::new((modified, written.clone()))));
        Some(written)
    }

    /// Its files, by path.
    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    fn file(&self, index: Option<u32>) -> Option<&File> {
        self.files.get(usize::try_from(index?).ok()?)
    }

    /// About how much memory it takes, in bytes.
    fn weight(&self) -> usize {
        512 + self.files.iter().map(|file| 520 + 3 * file.path.as_str().len()).sum::<usize>()
    }
}
