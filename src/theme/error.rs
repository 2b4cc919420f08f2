//! What can be wrong with a theme.

use std::path::{Path, PathBuf};

/// A theme that cannot be loaded, or a page that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// There is no such folder.
    #[error("theme: there is no `{}`; name a folder shaped like `themes/default`, or leave it out", .0.display())]
    Missing(PathBuf),
    /// A folder or a file cannot be used.
    #[error("theme: `{}` cannot be used: {reason}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why, and where it can be said, what to do about it.
        reason: String,
    },
    /// A template does not parse, or names something that does not exist.
    #[error(
        "theme: a template cannot be used; correct it, or remove the file to use the built-in one\n{reason}"
    )]
    Template {
        /// File, line and what is wrong there.
        reason: String,
    },
    /// A template asks for something that its page does not hold.
    #[error("theme: `{template}` cannot be rendered\n{reason}")]
    Render {
        /// The template.
        template: &'static str,
        /// File, line and what is wrong there.
        reason: String,
    },
}

impl ThemeError {
    pub(super) fn read(path: &Path, reason: &str) -> Self {
        Self::Read { path: path.to_owned(), reason: reason.to_owned() }
    }
}
