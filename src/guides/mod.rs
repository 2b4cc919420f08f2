//! Markdown in, a [`Library`] out: *source → front matter → events → sections → HTML*, one file a step.
//!
//! 1. What there is: [`site`] says what kind of site a folder is, [`tree`] lists its files, [`mod@file`] those that are
//!    served beside the guides.
//! 2. Source: [`compose`] puts a guide's text together from its files, [`source`] knows the way back to a line.
//! 3. Front matter: [`front_matter`].
//! 4. Events: [`habits`] mends what real authors write, [`events`] parses it, with [`inline`], [`autolinks`],
//!    [`raw_html`] and [`tags`] for what is not plain Markdown and [`slug`] for heading ids.
//! 5. Sections: [`sections`], the unit of search, and everything that points elsewhere.
//! 6. HTML: [`links`] finds where it points, [`html`] writes it with [`highlight`], and [`clean`] has the last word.
//! 7. Together: a [`page`] is one guide, [`navigation`] the tree of them, [`library`] all of them at one moment;
//!    [`load`] makes one from files and the next from edits, [`check`] finds what is wrong as [`problem`]s.
//! 8. [`mod@watch`] notices edits.

mod autolinks;
mod check;
mod clean;
mod compose;
mod events;
mod file;
mod front_matter;
mod habits;
mod highlight;
mod html;
mod inline;
mod library;
mod links;
mod load;
mod navigation;
mod page;
mod problem;
mod raw_html;
mod sections;
mod site;
mod slug;
mod source;
mod tags;
#[cfg(test)]
mod tests;
mod tree;
mod watch;

pub use file::StaticFile;
pub use library::{Crumb, ExternalLink, Library, Lookup};
pub use load::LoadError;
pub use navigation::Node;
pub use page::Page;
pub use problem::{Problem, ProblemKind, Severity};
pub use site::{Kind, Site, SiteLink};
pub use watch::{Watch, WatchError, watch};
