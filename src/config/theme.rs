//! Which look pages have.

use std::path::{Path, PathBuf};

/// A built-in theme, or a folder that changes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// `default`: a quiet look for reading.
    #[default]
    Default,
    /// `service`: the plain, high-contrast look of public services.
    Service,
    /// A folder whose files take the place of the built-in ones of the same name.
    Folder(PathBuf),
}

impl Theme {
    /// The built-in theme of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Default),
            "service" => Some(Self::Service),
            _ => None,
        }
    }

    /// What somebody wrote: the name of a built-in theme, else a folder relative to `base`. A folder with the name
    /// of a built-in theme is written `./service`.
    #[must_use]
    pub fn parse(text: &str, base: &Path) -> Self {
        Self::named(text).unwrap_or_else(|| Self::Folder(base.join(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_built_in_theme_and_anything_else_a_folder() {
        let parse = |text| Theme::parse(text, Path::new("/etc/loggia"));
        assert_eq!(parse("service"), Theme::Service);
        assert_eq!(parse("default"), Theme::Default);
        assert_eq!(parse("./service"), Theme::Folder("/etc/loggia/./service".into()));
        assert_eq!(parse("/srv/theme"), Theme::Folder("/srv/theme".into()));
    }
}
