//! Files that a guide takes in, put where it names them, and other systems' constructs turned into Markdown.
//!
//! 1. in every site: [`snippet`], `--8<-- "file:2:10"`
//! 2. in an mdBook: [`book`], `{{#include file:2:10}}` and its kin
//! 3. in a tech-docs site: [`ruby`], `<%= partial 'file' %>`, with [`components`] for what it draws
//!
//! [`part`] chooses lines. Whatever is taken in lies below the content folder, since only files that the tree
//! lists are looked for, and everything is bounded: how long, how many and how deep.

use std::ops::Range;

use super::compose::{Composed, LONGEST_GUIDE, Shelf};
use super::events::Noticed;
use super::front_matter;
use super::habits::Fence;
use super::problem::{Problem, ProblemKind, nearest};
use super::site::Kind;
use super::source::Source;
use part::Part;

mod book;
mod components;
mod part;
mod ruby;
mod snippet;
#[cfg(test)]
mod tests;

/// Files may take in files, this deep.
const DEEPEST: usize = 8;
/// And a guide this many in all.
const MOST_FILES: usize = 1000;
/// A folder may hold more files; then the nearest to a missing one is not looked for.
const MOST_COMPARED: usize = 5000;

/// A construct and the bytes it stands for.
struct Found<'a> {
    range: Range<usize>,
    what: Construct<'a>,
}

/// What becomes of a construct.
enum Construct<'a> {
    /// It goes.
    Nothing,
    /// It goes, and its author is told.
    Script(&'a str),
    /// This stands in its place.
    Text(String),
    /// Another file's text stands in its place.
    Partial(&'a str),
    /// Files stand in its place, one below the other, each line after the same indentation.
    Files { requests: Vec<Request<'a>>, indent: &'a str },
    /// What it encloses stays between these.
    Enclosed { before: String, inside: Range<usize>, after: String, indent: &'static str },
    /// The words for the page's title.
    Title(&'a str),
    /// It stays, and its author is told.
    Unknown,
}

/// A file to take in.
struct Request<'a> {
    path: &'a str,
    part: Part<'a>,
    /// Whether only the folder of the file that asks is looked into.
    beside: bool,
    before: String,
    after: &'static str,
}

/// Where to look for a construct.
#[derive(Clone, Copy)]
struct Sight<'a> {
    /// The file's text up to where it is taken in.
    text: &'a str,
    /// From where on.
    at: usize,
    /// The rest of the line there, with its end.
    line: &'a str,
    /// Whether a line starts there.
    starts: bool,
    /// Whether it is in a code fence.
    fenced: bool,
}

/// Whether anything in `text` can be a construct of the site.
pub(super) fn is_needed(shelf: Shelf<'_>, text: &str) -> bool {
    let holds = |needle: &[u8]| memchr::memmem::find(text.as_bytes(), needle).is_some();
    holds(b"8<-")
        || match shelf.site.kind {
            Kind::TechDocs => holds(b"<%"),
            Kind::MdBook => holds(b"{{"),
            Kind::Folder | Kind::MkDocs => false,
        }
}

/// Writes `source` into `out`, from `body` on with every construct replaced.
pub(super) fn expand(shelf: Shelf<'_>, source: &Source, body: usize, out: &mut Composed) {
    let text = source.text.get(body..).unwrap_or_default();
    // A stub is nothing but its partials, and so is what is served as its source.
    let stub = shelf.site.kind == Kind::TechDocs && text.contains("partial");
    if !stub {
        out.source.push_from(source, 0, source.text.get(..body).unwrap_or_default());
        out.body = body;
    }
    let stack = vec![out.file.clone()];
    let mut expander = Expander { shelf, out, stack, stub, indent: String::new(), fenced: false };
    expander.run(source, body..source.text.len());
}

struct Expander<'a> {
    shelf: Shelf<'a>,
    out: &'a mut Composed,
    /// The files that are being taken in, the guide's own first.
    stack: Vec<String>,
    stub: bool,
    /// What stands before each line.
    indent: String,
    /// Whether all of this goes into a code fence.
    fenced: bool,
}

impl Expander<'_> {
    fn run(&mut self, from: &Source, range: Range<usize>) {
        let text = from.text.get(..range.end).unwrap_or_default();
        let mut fence = Fence::default();
        let (mut copied, mut at, mut starts) = (range.start, range.start, true);
        while let Some(line) = text.get(at..).and_then(|rest| rest.split_inclusive('\n').next()) {
            let fenced = fence.holds(line) || self.fenced;
            let Some(Found { range, what }) = self.find(Sight { text, at, line, starts, fenced }) else {
                at += line.len();
                starts = true;
                continue;
            };
            self.push(from, copied, text.get(copied..range.start).unwrap_or_default());
            at = range.end;
            starts = text.get(..at).is_some_and(|before| before.ends_with('\n'));
            copied = if matches!(what, Construct::Unknown) { range.start } else { range.end };
            let outer = std::mem::replace(&mut self.fenced, fenced);
            self.put(from, &range, what);
            self.fenced = outer;
        }
        self.push(from, copied, text.get(copied..).unwrap_or_default());
    }

    fn find<'a>(&self, sight: Sight<'a>) -> Option<Found<'a>> {
        snippet::find(sight).or_else(|| match self.shelf.site.kind {
            Kind::TechDocs if !sight.fenced => ruby::find(sight, self.stub),
            Kind::MdBook => book::find(sight),
            Kind::TechDocs | Kind::Folder | Kind::MkDocs => None,
        })
    }

    fn put(&mut self, from: &Source, range: &Range<usize>, what: Construct<'_>) {
        match what {
            Construct::Nothing => {}
            Construct::Script(tag) => self.notice(from, range.start, Noticed::LeftOut(tag.to_owned())),
            Construct::Text(text) => self.push(from, range.start, &text),
            Construct::Title(title) => self.out.front_matter.title = Some(title.to_owned()),
            Construct::Unknown => {
                let written = from.text.get(range.clone()).unwrap_or_default().to_owned();
                self.notice(from, range.start, Noticed::Shown(written));
            }
            Construct::Enclosed { before, inside, after, indent } => {
                self.push(from, range.start, &before);
                let length = self.indent.len();
                self.indent.push_str(indent);
                self.run(from, inside);
                self.indent.truncate(length);
                self.push(from, range.start, &after);
            }
            Construct::Partial(name) => self.partial(from, range.start, name),
            Construct::Files { requests, indent } => {
                let length = self.indent.len();
                self.indent.push_str(indent);
                let only = requests.len() == 1;
                for (at, request) in requests.into_iter().enumerate() {
                    if at > 0 {
                        self.push(from, range.start, "\n");
                    }
                    let written = from.text.get(range.clone()).filter(|_| only);
                    let written =
                        written.map_or_else(|| format!("--8<-- \"{}\"", request.path), str::to_owned);
                    self.file(from, range.start, &request, written.trim());
                }
                self.indent.truncate(length);
            }
        }
    }

    fn notice(&mut self, from: &Source, at: usize, noticed: Noticed) {
        self.out.noticed.push((from.place(at), noticed));
    }

    /// Appends text that stands in `from` at `at`.
    fn push(&mut self, from: &Source, at: usize, text: &str) {
        let so_far = &self.out.source.text;
        // Blank lines between a stub's scripts are no part of the guide.
        if text.trim().is_empty() && so_far.trim_end().is_empty() {
            return;
        }
        if self.indent.is_empty() {
            self.out.source.push_from(from, at, text);
            return;
        }
        let mut line_at = at;
        for line in text.split_inclusive('\n') {
            let starts = self.out.source.text.is_empty() || self.out.source.text.ends_with('\n');
            self.out.source.push_from(from, line_at, "");
            if starts {
                let indent = if line.trim().is_empty() { self.indent.trim_end() } else { &*self.indent };
                self.out.source.text.push_str(indent);
            }
            self.out.source.text.push_str(line);
            line_at += line.len();
        }
    }

    fn partial(&mut self, from: &Source, at: usize, name: &str) {
        let place = from.place(at);
        let found = ruby::partial_file(name, &place.file, self.shelf);
        let taken = match &found {
            None => Err(format!("there is no partial `{name}`")),
            Some(file) => self.take(file).map_err(|why| format!("partial `{file}` {why}")),
        };
        match (taken, found) {
            (Ok(text), Some(file)) => {
                if self.stack.len() == 1 && text.len() > self.out.source.text.len() {
                    self.out.file.clone_from(&file);
                }
                let body = front_matter::split(&text).body;
                let part = Source::of_file(&file, text);
                self.stack.push(file);
                self.run(&part, body..part.text.len());
                self.stack.pop();
            }
            (Err(why), _) => {
                let message = format!("guide `{}` is not whole: {why}", place.file);
                self.out.problems.push(Problem::error(&place, ProblemKind::MissingPartial, message.clone()));
                self.out.notice.get_or_insert(message);
            }
            (Ok(_), None) => {}
        }
    }

    /// Takes a file in, or shows what was `written` where that cannot be.
    fn file(&mut self, from: &Source, at: usize, request: &Request<'_>, written: &str) {
        let place = from.place(at);
        let (file, text, parts) = match self.requested(&place.file, request) {
            Ok(found) => found,
            Err(why) => {
                let message = format!("`{}` includes `{}`, {why}", place.file, request.path);
                self.out.problems.push(Problem::error(&place, ProblemKind::MissingPartial, message));
                let shown = if self.fenced { written.to_owned() } else { format!("`{written}`") };
                self.push(from, at, &shown);
                return;
            }
        };
        self.push(from, at, &request.before);
        let part = Source::of_file(&file, text);
        self.stack.push(file);
        for range in parts {
            self.run(&part, range);
        }
        self.stack.pop();
        self.push(from, at, request.after);
    }

    /// The file that a request means, its text, and the stretches of it that are wanted.
    fn requested(
        &mut self,
        own: &str,
        request: &Request<'_>,
    ) -> Result<(String, String, Vec<Range<usize>>), String> {
        let file = self.locate(own, request)?;
        let text = self.take(&file).map_err(|why| format!("but `{file}` {why}"))?;
        let markdown = [".md", ".markdown"].iter().any(|end| file.ends_with(end));
        let body = if markdown { front_matter::split(&text).body } else { 0 };
        let mut parts = request.part.ranges(&text, body).map_err(|why| format!("but `{file}` {why}"))?;
        if let Some(last) = parts.last_mut() {
            // The line that asked for it has an end of its own.
            let wanted = text.get(last.clone()).unwrap_or_default();
            let shorter = wanted.strip_suffix('\n').unwrap_or(wanted);
            last.end -= wanted.len() - shorter.strip_suffix('\r').unwrap_or(shorter).len();
        }
        Ok((file, text, parts))
    }

    /// Reads `file` as part of the guide.
    fn take(&mut self, file: &str) -> Result<String, String> {
        self.out.files.push(file.to_owned());
        if let Some(first) = self.stack.iter().position(|above| above == file) {
            let round = self.stack.get(first..).unwrap_or_default().iter().map(String::as_str);
            let round: Vec<String> = round.chain([file]).map(|file| format!("`{file}`")).collect();
            return Err(format!("includes itself: {}", round.join(" → ")));
        }
        if self.stack.len() > DEEPEST {
            return Err(format!("is included {} files deep; {DEEPEST} is the most", self.stack.len()));
        }
        if self.out.files.len() > MOST_FILES {
            return Err(format!("is one file too many; a guide may include {MOST_FILES}"));
        }
        let text = self.shelf.read(file).map_err(|why| format!("cannot be read: {why}"))?;
        if self.out.source.text.len() + text.len() > LONGEST_GUIDE {
            return Err(format!("makes the guide too long; it may have {LONGEST_GUIDE} bytes"));
        }
        Ok(text)
    }

    /// The file that a request from `own` means, among those of the content folder.
    fn locate(&self, own: &str, request: &Request<'_>) -> Result<String, String> {
        if request.path.contains("://") {
            return Err("which is on the web and is not fetched; copy it into the content folder".to_owned());
        }
        let site = self.shelf.site;
        let own = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        let anywhere = site.include_from.iter().map(String::as_str).chain(["", &*site.prefix]);
        let bases = anywhere.filter(|_| !request.beside).chain([own]);
        let mut candidates: Vec<String> = bases.filter_map(|base| below(base, request.path)).collect();
        if candidates.is_empty() {
            return Err("which is outside the content folder; copy it into it".to_owned());
        }
        if let Some(at) = candidates.iter().position(|file| self.shelf.files.contains_key(file)) {
            return Ok(candidates.swap_remove(at));
        }
        let all =
            self.shelf.files.keys().map(String::as_str).filter(|_| self.shelf.files.len() <= MOST_COMPARED);
        let name = |file: &str| file.rsplit('/').next().map(str::to_owned);
        let wanted = candidates.first().map_or(request.path, String::as_str);
        let namesake = all.clone().find(|file| name(file) == name(wanted));
        let near = namesake.or_else(|| nearest(wanted, all));
        let near = near.map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
        Err(format!("which is not there{near}"))
    }
}

/// `path` seen from the folder `base`; `None` where it leaves the content folder.
fn below(base: &str, path: &str) -> Option<String> {
    let mut segments: Vec<&str> = base.split('/').filter(|segment| !segment.is_empty()).collect();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}
