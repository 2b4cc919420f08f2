//! Assets and their addresses.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tera::{Kwargs, State, TeraResult};

use crate::model::Digest;

use super::files::Files;

/// A style sheet, a script or an image.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type, with `charset=utf-8` for text.
    pub media_type: String,
    /// Its strong entity tag with the quotes (RFC 9110, section 8.8.3).
    pub etag: String,
}

/// All assets, by the name in their address, and their addresses by name.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    by_file: HashMap<String, Asset>,
    urls: Arc<HashMap<String, String>>,
}

impl Assets {
    pub(super) fn of(files: &Files) -> Self {
        let mut by_file = HashMap::new();
        let mut urls = HashMap::new();
        for (name, bytes) in files.assets() {
            let digest = Digest::of(&bytes).to_string();
            let hash = digest.get(..16).unwrap_or(&digest);
            let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
            let file = format!("{stem}.{hash}.{ending}");
            urls.insert(name.to_owned(), format!("/-/assets/{file}"));
            let asset = Asset { bytes, media_type: media_type(name), etag: format!("\"{hash}\"") };
            by_file.insert(file, asset);
        }
        Self { by_file, urls: Arc::new(urls) }
    }

    pub(super) fn get(&self, file: &str) -> Option<&Asset> {
        self.by_file.get(file)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.by_file.iter().map(|(file, asset)| (file.as_str(), asset))
    }

    pub(super) fn url(&self, name: &str) -> Option<&str> {
        self.urls.get(name).map(String::as_str)
    }

    /// `asset(name="style.css")` in templates.
    pub(super) fn url_function(&self) -> impl Fn(Kwargs, &State<'_>) -> TeraResult<String> + use<> {
        let urls = Arc::clone(&self.urls);
        move |given, _| {
            let name: &str = given.must_get("name")?;
            let missing = || tera::Error::message(format!("the theme has no asset `{name}`"));
            urls.get(name).cloned().ok_or_else(missing)
        }
    }
}

fn media_type(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    match guess.type_() {
        mime_guess::mime::TEXT => format!("{guess}; charset=utf-8"),
        _ => guess.to_string(),
    }
}
