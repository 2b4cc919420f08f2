//! Markdown in, a [`Library`] out: *source → front matter → events → sections → HTML*, one file a step.
//!
//! 1. What there is: [`site`] says what kind of site a folder is, [`tree`] lists its files, [`mod@file`] those that are
//!    served beside the guides.
//! 2. Source: [`compose`] puts a guide's text together from its files, with [`mod@include`] for what it takes in and
//!    [`hidden_lines`] for what it does not show; [`source`] knows the way back to a line.
//! 3. Front matter: [`front_matter`], and [`audience`] for who may read.
//! 4. Events: [`habits`] mends what real authors write, [`events`] parses it, with [`blocks`], [`inline`],
//!    [`autolinks`], [`adorn`], [`wiki`], [`raw_html`] and [`tags`] for what is not plain Markdown and [`slug`] for
//!    heading ids.
//! 5. Sections: [`sections`], the unit of search, and everything that points elsewhere.
//! 6. HTML: [`links`] and [`redirects`] find where it points, [`html`] writes it and [`clean`] has the last word; code,
//!    formulas and diagrams are made by [`fence`] and [`highlight`], [`formula`] and [`diagram`].
//! 7. Together: a [`page`] is one guide, [`navigation`] the tree of them, [`library`] all of them at one moment;
//!    [`readers`] knows who may read what, and a [`view`] is the library for one of them;
//!    [`load`] makes one from files and the next from edits, [`rewrite`] where only a text changed, [`check`] finds what is wrong as [`problem`]s.
//! 8. [`mod@watch`] notices edits, [`mod@history`] remembers former ones, [`languages`] are the guides in other
//!    languages than the site's own, and [`mod@print`] puts several guides into one document.

mod adorn;
mod audience;
mod autolinks;
mod blocks;
mod check;
mod clean;
mod compose;
mod diagram;
mod events;
mod fence;
mod fences;
mod figures;
mod file;
mod formula;
mod front_matter;
mod habits;
mod hidden_lines;
mod highlight;
mod history;
mod html;
mod include;
mod inline;
mod languages;
mod library;
mod likeness;
mod links;
mod load;
mod navigation;
mod page;
mod print;
mod problem;
mod raw_html;
mod readers;
mod redirects;
mod rewrite;
mod sections;
mod site;
mod slug;
mod source;
mod tags;
#[cfg(test)]
mod tests;
mod tree;
mod view;
mod watch;
mod wiki;

pub use file::StaticFile;
pub use history::History;
pub use languages::Translation;
pub use library::{Crumb, ExternalLink, Library, Lookup};
pub use load::LoadError;
pub use navigation::Node;
pub use page::Page;
pub use print::for_print;
pub use problem::{Problem, ProblemKind, Severity};
pub use readers::Admitted;
pub use site::{Kind, Site, SiteLink};
pub use view::View;
pub use watch::{Watch, WatchError, watch};
