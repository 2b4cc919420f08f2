//! Files to one guide's source: a Markdown file as it is, or a tech-docs stub with the partials it names.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use super::audience::{AUDIENCE, Declared, mentions};
use super::events::Noticed;
use super::front_matter::{self, FrontMatter, Unparsed, Visibility};
use super::problem::{Place, Problem, ProblemKind};
use super::site::Kind;
use super::source::{self, Source};
use super::tree::Entry;

/// A longer Markdown file is not shown, and a guide does not grow beyond it by partials.
const LONGEST_GUIDE: usize = 8 << 20;
/// Partials may include partials, this deep.
const DEEPEST_PARTIAL: usize = 8;

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
    pub(super) kind: Kind,
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
    if shelf.kind == Kind::TechDocs && text.get(body..).is_some_and(|body| body.contains("partial")) {
        let stub = Source::of_file(file, text);
        include(shelf, &stub, body, &mut out, 0);
    } else {
        out.source = Source::of_file(file, text);
        out.body = body;
    }
    out
}

impl Shelf<'_> {
    fn read(&self, file: &str) -> Result<String, String> {
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

    /// The file that `partial 'name'` in `from` means.
    fn partial(&self, name: &str, from: &str) -> Option<String> {
        let (folder, last) = name.rsplit_once('/').map_or(("", name), |(folder, last)| (folder, last));
        let own = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let ends = ["", ".md", ".md.erb", ".html.md", ".html.md.erb", ".markdown", ".erb", ".html.erb"];
        [self.kind.prefix().trim_end_matches('/'), own].into_iter().find_map(|base| {
            let folder =
                [base, folder].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            let mut names = ends.iter().flat_map(|end| [format!("{last}{end}"), format!("_{last}{end}")]);
            names.find_map(|name| {
                let file = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                self.files.contains_key(&file).then_some(file)
            })
        })
    }
}

/// Appends `from`'s text from `body` on, with each `<%= partial '…' %>` replaced by what it names. Scripts
/// and comments around them stay out, so that `<guide>.md` is the guide alone.
fn include(shelf: Shelf<'_>, from: &Source, body: usize, out: &mut Composed, depth: usize) {
    let text = from.text.get(body..).unwrap_or_default();
    let mut at = body;
    let mut rest = text;
    while let Some((before, what, after)) = next_construct(rest) {
        push_text(from, at, before, out);
        let start = at + before.len();
        at = start + (rest.len() - before.len() - after.len());
        rest = after;
        match what {
            Construct::Comment => {}
            Construct::Script(tag) => {
                out.noticed.push((from.place(start), Noticed::LeftOut(tag.to_owned())));
            }
            Construct::Partial(name) => partial(shelf, from, start, name, out, depth),
        }
    }
    push_text(from, at, rest, out);
}

fn push_text(from: &Source, at: usize, text: &str, out: &mut Composed) {
    // Blank lines between a stub's scripts are no part of the guide.
    if !(text.trim().is_empty() && out.source.text.trim_end().is_empty()) {
        out.source.push_from(from, at, text);
    }
}

fn partial(shelf: Shelf<'_>, from: &Source, start: usize, name: &str, out: &mut Composed, depth: usize) {
    let place = from.place(start);
    let found = shelf.partial(name, &place.file);
    let read = match &found {
        None => Err(format!("there is no partial `{name}`")),
        Some(_) if depth >= DEEPEST_PARTIAL => Err(format!("partial `{name}` includes itself")),
        Some(file) => shelf.read(file).map_err(|why| format!("partial `{file}` cannot be read: {why}")),
    };
    let read = read.and_then(|text| {
        if out.source.text.len() + text.len() > LONGEST_GUIDE {
            Err(format!("with partial `{name}` the guide is too long; it may have {LONGEST_GUIDE} bytes"))
        } else {
            Ok(text)
        }
    });
    match (read, found) {
        (Ok(text), Some(file)) => {
            if depth == 0 && text.len() > out.source.text.len() {
                out.file.clone_from(&file);
            }
            let body = front_matter::split(&text).body;
            let part = Source::of_file(&file, text);
            out.files.push(file);
            include(shelf, &part, body, out, depth + 1);
        }
        (Err(why), _) => {
            let message = format!("guide `{}` is not whole: {why}", place.file);
            out.problems.push(Problem::error(&place, ProblemKind::MissingPartial, message.clone()));
            out.notice.get_or_insert(message);
        }
        (Ok(_), None) => {}
    }
}

enum Construct<'a> {
    Partial(&'a str),
    Script(&'a str),
    Comment,
}

/// The next partial, script or comment: the text before it, what it is, and the text after it. Constructs
/// start a line; what stands in the middle of one, or in a fence of a partial, is prose about them.
fn next_construct(text: &str) -> Option<(&str, Construct<'_>, &str)> {
    let mut fenced = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let marks = line.trim_start();
        fenced ^= marks.starts_with("```") || marks.starts_with("~~~");
        if fenced || !marks.starts_with('<') {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let (construct, length) = if let Some(name) = partial_name(rest) {
            (Construct::Partial(name), rest.find("%>")? + 2)
        } else if rest.starts_with("<!--") {
            (Construct::Comment, rest.find("-->").map_or(rest.len(), |end| end + 3))
        } else if rest.starts_with("<script") {
            let tag = rest.get(..=rest.find('>')?)?;
            (Construct::Script(tag), rest.find("</script>").map_or(rest.len(), |end| end + 9))
        } else {
            continue;
        };
        return Some((text.get(..start)?, construct, rest.get(length..)?));
    }
    None
}

/// The name in `<%= partial 'name' %>`, `<%= partial("name", locals: …) %>`.
fn partial_name(from: &str) -> Option<&str> {
    let call = from.strip_prefix("<%")?.trim_start_matches(['=', '-']).trim_start();
    let call = call.strip_prefix("partial")?.trim_start().trim_start_matches('(').trim_start();
    let quote = call.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    call.get(1..)?.split(quote).next().filter(|name| !name.contains("..") && !name.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::tree::Tree;

    fn composed(files: &[(&str, &[u8])], file: &str) -> Composed {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let tree = Tree::walk(dir.path());
        compose(Shelf { root: dir.path(), kind: Kind::TechDocs, files: &tree.files }, file)
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
