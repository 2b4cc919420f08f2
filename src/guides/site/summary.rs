//! `SUMMARY.md`: the chapters of an mdBook in order.

use std::iter::Peekable;
use std::vec::IntoIter;

use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, HeadingLevel, OffsetIter, Parser, Tag, TagEnd};

use super::plan::{Leads, Plan, Step, away};
use crate::guides::problem::{Place, Problem, ProblemKind};

/// Lists in lists are followed this deep.
const DEEPEST: usize = 16;

/// Reads the chapters; files are relative to `prefix`, and `numbered` chapters have their numbers before them.
pub(super) fn parse(text: &str, file: &str, prefix: &str, numbered: bool) -> (Plan, Vec<Problem>) {
    let events: Vec<_> = OffsetIter::collect(Parser::new(text).into_offset_iter());
    let mut reader =
        Reader { events: events.into_iter().peekable(), text, file, prefix, numbered, problems: Vec::new() };
    let steps = reader.chapters();
    (Plan::of(steps), reader.problems)
}

type Spanned<'a> = (Event<'a>, std::ops::Range<usize>);

struct Reader<'a> {
    events: Peekable<IntoIter<Spanned<'a>>>,
    text: &'a str,
    file: &'a str,
    prefix: &'a str,
    numbered: bool,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn chapters(&mut self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut part: Option<Step> = None;
        let mut count = 0;
        let mut title_is_next = true;
        while let Some((event, range)) = self.events.next() {
            let found = match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let title = self.words_to(TagEnd::Heading(level));
                    // The first heading is the summary's own.
                    if !(std::mem::take(&mut title_is_next) && level == HeadingLevel::H1) {
                        steps.extend(part.take());
                        part = Some(self.step(title, Leads::Nowhere, range.start));
                    }
                    continue;
                }
                Event::Start(Tag::List(_)) => self.list(&[], &mut count, 0),
                // Outside of lists: the chapters before the first and after the last part.
                Event::Start(Tag::Link { dest_url, .. }) => {
                    if count > 0 {
                        steps.extend(part.take());
                    }
                    let title = self.words_to(TagEnd::Link);
                    vec![self.step(title, self.leads(&dest_url), range.start)]
                }
                _ => continue,
            };
            title_is_next = false;
            match &mut part {
                Some(part) => part.below.extend(found),
                None => steps.extend(found),
            }
        }
        steps.extend(part);
        steps
    }

    /// The items of a list whose chapters are numbered below `above`, after `count` others.
    fn list(&mut self, above: &[usize], count: &mut usize, depth: usize) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    *count += 1;
                    let number: Vec<String> =
                        above.iter().chain([&*count]).map(ToString::to_string).collect();
                    let title = self.words_to(TagEnd::Link);
                    let step = self.step(title, self.leads(&dest_url), range.start);
                    let number = self.numbered.then(|| format!("{}.", number.join(".")));
                    steps.push(Step { number, ..step });
                }
                Event::Start(Tag::List(_)) => {
                    let number = [above, &[*count]].concat();
                    let below =
                        if depth < DEEPEST { self.list(&number, &mut 0, depth + 1) } else { Vec::new() };
                    match steps.last_mut() {
                        Some(step) => step.below.extend(below),
                        None => steps.extend(below),
                    }
                }
                Event::End(TagEnd::List(_)) => break,
                Event::Text(words) if !words.trim().is_empty() => {
                    let message = format!(
                        "`{}` has “{}” in its list, which is no link and is left out",
                        self.file,
                        words.trim()
                    );
                    let place = self.place(range.start);
                    self.problems.push(Problem::warning(&place, ProblemKind::NotUnderstood, message));
                }
                _ => {}
            }
        }
        steps
    }

    fn words_to(&mut self, end: TagEnd) -> String {
        let mut words = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::Text(text) | Event::Code(text) => words.push_str(&text),
                Event::SoftBreak | Event::HardBreak => words.push(' '),
                Event::End(found) if found == end => break,
                _ => {}
            }
        }
        words
    }

    fn leads(&self, dest: &str) -> Leads {
        if dest.is_empty() {
            return Leads::Nowhere;
        }
        if dest.contains("://") {
            return away(dest);
        }
        let path = percent_decode_str(dest.trim_start_matches("./")).decode_utf8_lossy();
        Leads::To(format!("{}{path}", self.prefix).into())
    }

    fn step(&self, title: String, leads: Leads, offset: usize) -> Step {
        let title = Some(title).filter(|title| !title.is_empty());
        Step { title, number: None, leads, below: Vec::new(), place: self.place(offset) }
    }

    fn place(&self, offset: usize) -> Place {
        let lines = self.text.get(..offset).map_or(0, |before| before.matches('\n').count());
        Place { file: self.file.into(), line: u32::try_from(lines + 1).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(steps: &[Step], indent: usize, out: &mut String) {
        for step in steps {
            let leads = match &step.leads {
                Leads::To(file) => file.to_string(),
                Leads::Away(url) => url.clone(),
                Leads::Nowhere => "-".to_owned(),
            };
            let number = step.number.as_deref().unwrap_or_default();
            let title = step.title.as_deref().unwrap_or_default();
            let line = step.place.line.unwrap();
            out.extend([format!("{:indent$}{number}{title} → {leads} ({line})\n", "")]);
            lines(&step.below, indent + 2, out);
        }
    }

    #[test]
    fn chapters_come_with_parts_numbers_and_drafts() {
        let text = "# Summary\n\n[Foreword](foreword.md)\n\n---\n\n# Using it\n\n- [Start](start/README.md)\n  \
                    - [Install `x`](./start/in%20stall.md)\n  - [Later]()\n- [Two](two.md)\n\n# Knowing it\n\n\
                    * [Three](three.md)\n* plain\n\n---\n\n[Thanks](thanks.md)\n";
        let (plan, problems) = parse(text, "src/SUMMARY.md", "src/", true);
        let mut shown = String::new();
        lines(&plan.steps, 0, &mut shown);
        insta::assert_snapshot!(shown, @"
        Foreword → src/foreword.md (3)
        Using it → - (7)
          1.Start → src/start/README.md (9)
            1.1.Install x → src/start/in stall.md (10)
            1.2.Later → - (11)
          2.Two → src/two.md (12)
        Knowing it → - (14)
          3.Three → src/three.md (16)
        Thanks → src/thanks.md (21)
        ");
        assert_eq!(plan.title("src/two.md"), Some("Two"));
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, Some(17));
    }
}
