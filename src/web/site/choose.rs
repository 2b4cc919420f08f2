//! What an address of a release answers.
//!
//! 1. A forced rule. 2. The file that is served there, or the way to where it is. 3. A rule that leads elsewhere.
//! 4. What an earlier release had (the [attic](super::attic), which is the caller's part). 5. A rule that shows a
//!    file. 6. The fallback. 7. The nearest `404.html`. 8. Nothing.

use http::{StatusCode, Uri};

use super::{File, Found, Site};
use crate::model::FilePath;
use crate::releases::{Answer, Named};

use super::super::resolve::Asked;

/// What an address answers.
#[derive(Debug)]
pub(in crate::web) enum Choice<'s> {
    /// This file, at its own address.
    File(&'s File),
    /// This file in place of the one that was asked for, with this status.
    Shown(&'s File, StatusCode),
    /// Another address, ready to be a `Location`.
    Moved(String, StatusCode),
    /// No file is there, and no rule leads elsewhere.
    Nothing(Instead<'s>),
}

/// What is shown where there is nothing: by a rule, if one says so.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Instead<'s> {
    ruled: Option<(&'s File, StatusCode)>,
}

impl Site {
    /// What `asked` answers, but for what an earlier release had.
    #[must_use]
    pub(in crate::web) fn choose(&self, asked: &Asked<'_>, uri: &Uri) -> Choice<'_> {
        let found = self.find(asked.address());
        let there = !matches!(found, Found::Nothing);
        let mut ruled = None;
        let redirects = &self.rules.redirects;
        if !redirects.is_empty() && (!there || redirects.any_forced()) {
            let path = format!("/{}", asked.address());
            match redirects.answer(&path, uri.path(), uri.query(), there) {
                Some(Answer::Moved { location, status }) => {
                    return Choice::Moved(
                        location,
                        StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND),
                    );
                }
                Some(Answer::File { path, status }) => {
                    ruled = self.shown(&path).zip(StatusCode::from_u16(status).ok());
                    // A forced rule goes before the file that is there.
                    if let (true, Some((file, status))) = (there, ruled) {
                        return Choice::Shown(file, status);
                    }
                }
                None => {}
            }
        }
        match found {
            Found::Here(file) => Choice::File(file),
            Found::Elsewhere(file) => {
                let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
                Choice::Moved(file.location() + &query, StatusCode::TEMPORARY_REDIRECT)
            }
            Found::Nothing => Choice::Nothing(Instead { ruled }),
        }
    }

    /// What is shown where there is nothing: what a rule says, the app's `fallback` to whoever opens a page, or the
    /// nearest `404.html`.
    #[must_use]
    pub(in crate::web) fn instead<'s>(
        &'s self,
        instead: Instead<'s>,
        asked: &Asked<'_>,
        fallback: Option<&FilePath>,
        opens_a_page: bool,
    ) -> Option<(&'s File, StatusCode)> {
        let fallback = fallback.filter(|_| opens_a_page).and_then(|path| self.at(path.as_str()));
        let fallback = fallback.map(|file| (file, StatusCode::OK));
        let nearest = || self.nearest_404(asked.address()).map(|file| (file, StatusCode::NOT_FOUND));
        instead.ruled.or(fallback).or_else(nearest)
    }

    /// What `_headers` adds to `file` where it answers `asked`.
    #[must_use]
    pub(in crate::web) fn headers<'s>(
        &'s self,
        file: &'s File,
        asked: &Asked<'_>,
    ) -> std::borrow::Cow<'s, [Named]> {
        let headers = &self.rules.headers;
        if headers.is_empty() {
            return [].as_slice().into();
        }
        if file.address().strip_prefix('/') == Some(asked.address()) {
            return file.headers(headers).into();
        }
        headers.of(&format!("/{}", asked.address())).into()
    }

    /// The file that a rule names by its address or by its path.
    fn shown(&self, path: &str) -> Option<&File> {
        match self.find(path.trim_start_matches('/')) {
            Found::Here(file) | Found::Elsewhere(file) => Some(file),
            Found::Nothing => None,
        }
    }

    /// The `404.html` of the folder that was asked for, or of the nearest one above it.
    fn nearest_404(&self, address: &str) -> Option<&File> {
        let mut folder = address;
        loop {
            folder = folder.rfind('/').map_or("", |slash| &folder[..slash]);
            let name = if folder.is_empty() { "404.html".to_owned() } else { format!("{folder}/404.html") };
            match self.at(&name) {
                Some(file) => return Some(file),
                None if folder.is_empty() => return None,
                None => {}
            }
        }
    }
}
