//! Files to one guide's source: a Markdown file with what it includes, or a tech-docs stub with its partials.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use super::audience::{AUDIENCE, Declared, mentions};
use super::events::Noticed;
use super::front_matter::{self, FrontMatter, Unparsed, Visibility};
use super::problem::{Place, Problem, ProblemKind};
use super::site::{Kind, Site};
use super::source::{self, Source};
use super::tree::Entry;
use super::{hidden_lines, include};

/// A longer file is not read, and a guide does not grow beyond it by what it includes.
pub(super) const LONGEST_GUIDE: usize = 8 << 20;

/// A guide's text and what stood above it.
#[derive(Debug, Default)]
pub(super) struct Composed {
    pub(super) source: Source,
    /// Where in the source the guide's text begins.
    pub(super) body: usize,
    pub(super) front_matter: FrontMatter,
    /// Who may read it, as it says itself.
    pub(super) declared: Declared,
    pub(super) draft: bool,
    /// The file that holds most of the text: what its author edits.
    pub(super) file: String,
    /// Every file that took part, or would have if it were there.
    pub(super) files: Vec<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) noticed: Vec<(Place, Noticed)>,
    /// What readers are told when the guide cannot be shown as it was meant.
    pub(super) notice: Option<String>,
}

/// Where files are read from.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) root: &'a Path,
    pub(super) site: &'a Site,
    pub(super) files: &'a BTreeMap<String, Entry>,
}

/// Puts together the guide whose own file is `file`.
pub(super) fn compose(shelf: Shelf<'_>, file: &str) -> Composed {
    let mut out = Composed { file: file.to_owned(), files: vec![file.to_owned()], ..Composed::default() };
    let text = match shelf.read(file) {
        Ok(text) => text,
        Err(why) => {
            let message = format!("guide `{file}` cannot be shown: {why}");
            out.problems.push(Problem::error(file, ProblemKind::Unreadable, message.clone()));
            out.notice = Some(message);
            out.declared = shelf.declared_by_what_is_readable(file);
            return out;
        }
    };
    let split = front_matter::split(&text);
    let parsed = split.parse();
    let Visibility { declared, draft, unclear } = split.visibility(parsed.as_ref().ok());
    (out.declared, out.draft) = (declared, draft);
    for why in unclear {
        let message = format!("guide `{file}`: {why}");
        out.problems.push(Problem::error(file, ProblemKind::FrontMatter, message));
    }
    match parsed {
        Ok(front_matter) => out.front_matter = front_matter,
        Err(Unparsed { line, reason }) => {
            let message = format!("the front matter of `{file}` does not parse: {reason}");
            let place = Place { file: file.into(), line };
            out.problems.push(Problem::error(&place, ProblemKind::FrontMatter, message.clone()));
            out.notice = Some(message);
        }
    }
    let body = split.body;
    let source = Source::of_file(file, text);
    if include::is_needed(shelf, source.text.get(body..).unwrap_or_default()) {
        include::expand(shelf, &source, body, &mut out);
    } else {
        out.source = source;
        out.body = body;
    }
    if shelf.site.kind == Kind::MdBook {
        hidden_lines::leave_out(&mut out, &shelf.site.hidden_lines);
    }
    out
}

impl Shelf<'_> {
    /// The text of `file`, relative to the content folder.
    pub(super) fn read(&self, file: &str) -> Result<String, String> {
        let size = self.files.get(file).map_or(0, |entry| entry.size);
        if size > LONGEST_GUIDE as u64 {
            return Err(format!("it is {size} bytes long; a guide may have {LONGEST_GUIDE}"));
        }
        let bytes = std::fs::read(self.root.join(file))
            .map_err(|error| format!("{error}; check that the server may read the file"))?;
        source::decode(bytes).map_err(|at| format!("it is not UTF-8 from byte {at} on; save it as UTF-8"))
    }

    /// What can be told of who may read a guide that cannot be shown: nobody, where not even its head can be read, or
    /// where that says something of an audience.
    fn declared_by_what_is_readable(&self, file: &str) -> Declared {
        const HEAD: u64 = 64 << 10;
        let mut head = Vec::new();
        let read =
            std::fs::File::open(self.root.join(file)).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        let says = mentions(&String::from_utf8_lossy(&head), AUDIENCE, true);
        if read.is_err() || says { Declared::Unknown } else { Declared::Inherited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::guides::tree::Tree;

    fn composed(files: &[(&str, &[u8])], file: &str) -> Composed {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let tree = Tree::walk(dir.path());
        let content = config::Content { dir: dir.path().to_owned(), title: None, language: None };
        std::fs::create_dir_all(dir.path().join("config")).unwrap();
        std::fs::write(dir.path().join("config/tech-docs.yml"), "").unwrap();
        let site = Site::load(&content);
        compose(Shelf { root: dir.path(), site: &site, files: &tree.files }, file)
    }

    const STUB: &[u8] =
        b"---\ntitle: Tools\n---\n\n<!-- tag -->\n<script async src=\"x\"></script>\n<script>\n y();\n\
        </script>\n\n<%= partial 'documentation/tools' %>\n";

    #[test]
    fn a_stub_is_its_partial() {
        let part = b"# Tools\n\nText.\n";
        let found = composed(
            &[("source/tools.html.md.erb", STUB), ("source/documentation/tools.md", part)],
            "source/tools.html.md.erb",
        );
        assert_eq!(found.source.text, "# Tools\n\nText.\n\n");
        assert_eq!(found.file, "source/documentation/tools.md");
        assert_eq!(found.front_matter.title.as_deref(), Some("Tools"));
        let place = found.source.place(found.source.text.find("Text").unwrap());
        assert_eq!(place, Place { file: "source/documentation/tools.md".into(), line: Some(3) });
        assert_eq!(found.noticed.len(), 2);
    }

    #[test]
    fn a_partial_that_is_not_there_or_includes_itself_is_said() {
        let found = composed(&[("source/tools.html.md.erb", STUB)], "source/tools.html.md.erb");
        assert_eq!(
            found.notice.unwrap(),
            "guide `source/tools.html.md.erb` is not whole: there is no partial `documentation/tools`"
        );
        let round = b"<%= partial 'documentation/tools' %>\n";
        let files: [(&str, &[u8]); 2] =
            [("source/tools.html.md.erb", STUB), ("source/documentation/_tools.md.erb", round)];
        assert!(composed(&files, "source/tools.html.md.erb").notice.unwrap().contains("includes itself"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let found = composed(&[("source/a.html.md", b"caf\xe9")], "source/a.html.md");
        let said =
            "guide `source/a.html.md` cannot be shown: it is not UTF-8 from byte 3 on; save it as UTF-8";
        assert_eq!(found.notice.as_deref(), Some(said));
        let found = composed(&[("source/a.html.md", b"---\ntitle: [\n---\n# A\n")], "source/a.html.md");
        assert!(found.notice.unwrap().starts_with("the front matter of `source/a.html.md` does not parse"));
        assert_eq!(&found.source.text[found.body..], "# A\n");
    }
}
