//! A page in the making: text and code under headings, never more than a page may hold.

use crate::model::{AppPage, Section};

/// The most text, code and headings of one page, in bytes; what is beyond is left out.
pub(super) const PAGE_BYTES: usize = 512 << 10;
/// The most sections of one page; headings beyond become text.
const MOST_SECTIONS: usize = 2000;
/// The longest title or heading, in bytes.
const LONGEST_HEADING: usize = 300;
/// The longest anchor, in bytes; a longer one counts as none.
const LONGEST_ANCHOR: usize = 200;

/// Collects the sections of a page in reading order. White space is folded as it comes.
#[derive(Debug)]
pub(super) struct Outline {
    /// The first is the lead: what stands before any heading.
    sections: Vec<Section>,
    room: usize,
}

impl Default for Outline {
    fn default() -> Self {
        Self { sections: vec![section(1, String::new(), String::new())], room: PAGE_BYTES }
    }
}

impl Outline {
    /// Begins the section under a heading; `id` is its anchor, or empty.
    pub(super) fn heading(&mut self, level: u8, id: &str, heading: &str) {
        let mut folded = String::new();
        fold(&mut folded, heading, LONGEST_HEADING.min(self.room));
        let heading = folded.trim_end().to_owned();
        if heading.is_empty() {
            return;
        }
        self.room = self.room.saturating_sub(heading.len());
        let id = if id.len() <= LONGEST_ANCHOR { id.to_owned() } else { String::new() };
        match self.sections.as_mut_slice() {
            // The page's own name, with nothing before it, is what the lead stands under.
            [lead] if level == 1 && lead.heading.is_empty() && is_bare(lead) => lead.heading = heading,
            sections if sections.len() >= MOST_SECTIONS => {
                self.line();
                self.text(&heading);
                self.line();
            }
            _ => self.sections.push(section(level, id, heading)),
        }
    }

    /// Adds prose; every run of white space in it counts as one space.
    pub(super) fn text(&mut self, text: &str) {
        let Some(section) = self.sections.last_mut() else { return };
        let before = section.text.len();
        fold(&mut section.text, text, self.room);
        self.room = self.room.saturating_sub(section.text.len() - before);
    }

    /// Ends a block of prose: what follows stands apart from it.
    pub(super) fn line(&mut self) {
        let Some(section) = self.sections.last_mut() else { return };
        let text = section.text.trim_end_matches(' ').len();
        section.text.truncate(text);
        if !section.text.is_empty() && !section.text.ends_with('\n') {
            section.text.push('\n');
            self.room = self.room.saturating_sub(1);
        }
    }

    /// Adds code, as it is.
    pub(super) fn code(&mut self, code: &str) {
        let Some(section) = self.sections.last_mut() else { return };
        let taken = begin_of(code, self.room);
        section.code.push_str(taken);
        self.room -= taken.len();
    }

    /// Whether nothing more fits.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| is_bare(section) && section.heading.is_empty())
    }

    /// The page, called `title`, or by its first heading, or `name`; `None` when there is nothing to find in it.
    pub(super) fn finish(mut self, path: String, title: Option<&str>, name: &str) -> Option<AppPage> {
        if self.is_empty() {
            return None;
        }
        let mut own = String::new();
        fold(&mut own, title.unwrap_or_default(), LONGEST_HEADING);
        let first = self.sections.iter().map(|section| section.heading.as_str()).find(|it| !it.is_empty());
        let title = match own.trim_end() {
            "" => first.unwrap_or(name).to_owned(),
            own => own.to_owned(),
        };
        for (at, section) in self.sections.iter_mut().enumerate() {
            section.text.truncate(section.text.trim_end().len());
            section.code.truncate(section.code.trim_end().len());
            if at == 0 && section.heading.is_empty() {
                section.heading.clone_from(&title);
            }
        }
        Some(AppPage { path, title, sections: self.sections.into() })
    }
}

fn section(level: u8, id: String, heading: String) -> Section {
    Section { id, level, heading, text: String::new(), code: String::new() }
}

fn is_bare(section: &Section) -> bool {
    section.text.trim().is_empty() && section.code.trim().is_empty()
}

/// Appends `text` to `to`, white space folded, `room` bytes of it at the most.
fn fold(to: &mut String, text: &str, room: usize) {
    let most = to.len().saturating_add(room);
    let is_space = |char: char| char.is_whitespace() || char.is_control();
    let mut apart = text.starts_with(is_space);
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if apart {
            space(to, most);
        }
        to.push_str(begin_of(word, most.saturating_sub(to.len())));
        apart = true;
    }
    if text.ends_with(is_space) {
        space(to, most);
    }
}

fn space(to: &mut String, most: usize) {
    if !to.is_empty() && !to.ends_with([' ', '\n']) && to.len() < most {
        to.push(' ');
    }
}

/// The longest beginning of `text` that is no longer than `most` bytes.
fn begin_of(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}
