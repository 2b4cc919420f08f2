//! The text of a published app, by page and section, as it is searched.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AppName, Section};

/// What an app's current release says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppText {
    /// Whose text it is.
    pub app: AppName,
    /// The app's title.
    pub title: String,
    /// Its pages, in a steady order.
    pub pages: Vec<AppPage>,
}

/// One page of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPage {
    /// Its address on the app's host: a path that begins with `/`, not percent-encoded.
    pub path: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// Its sections in reading order.
    pub sections: Arc<[Section]>,
}
