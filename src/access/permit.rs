//! Permission as a value.

use crate::model::{AppName, EmailAddress, FilePath, ReleaseId};

/// What is asked for: the parsed value that also selects the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The app.
    pub app: AppName,
    /// The release: the app's current one, or the one that a preview host names.
    pub release: ReleaseId,
    /// What of it.
    pub part: Part,
}

/// A part of a release.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The file at this path, whether or not there is one.
    File(FilePath),
    /// The list of its pages, shown where it has no start page.
    Listing,
}

/// Leave to open one [`Target`]. Only [`decide`](super::decide) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Permit {
    target: Target,
    public: bool,
}

impl Permit {
    pub(super) fn new(target: Target, public: bool) -> Self {
        Self { target, public }
    }

    /// What may be opened.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same leave for another file of the same release, which the release itself names for what was asked: a page
    /// for its address, or what is shown where there is nothing. Leave is given for a release as a whole.
    pub fn within(mut self, path: FilePath) -> Self {
        self.target.part = Part::File(path);
        self
    }

    /// Whether everyone may open it, so that shared caches may keep it; otherwise it is `private`.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.public
    }
}

/// Leave to change an app. Only [`decide_publish`](super::decide_publish) and
/// [`decide_restore`](super::decide_restore) make one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PublishPermit {
    app: AppName,
    by: EmailAddress,
}

impl PublishPermit {
    pub(super) fn new(app: AppName, by: EmailAddress) -> Self {
        Self { app, by }
    }

    /// The app that may be changed.
    #[must_use]
    pub fn app(&self) -> &AppName {
        &self.app
    }

    /// Who changes it.
    #[must_use]
    pub fn by(&self) -> &EmailAddress {
        &self.by
    }
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in; signing in may help.
    #[error("this is not public; sign in to open it")]
    SignIn,
    /// No grant names them, or none that allows this.
    #[error("it is not shared with you; ask its owner")]
    NotListed,
    /// A grant named them until it ended.
    #[error("it was shared with you until a date that has passed; ask its owner")]
    Ended,
    /// It opens from certain networks only, and this is none of them.
    #[error("it opens from certain networks only, and yours is none of them; ask its owner from which")]
    Network,
    /// There is no such app, or it was deleted.
    #[error("there is no such app")]
    NoSuchApp,
}
