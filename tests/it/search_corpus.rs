//! Real guidance and a collection with judgements, for measuring how well search finds.
#![expect(clippy::cast_precision_loss, reason = "counts become shares")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use loggia::model::{Guide, GuidePath, Readers, Review, Section};
use loggia::search::{Index, Request, Scope};
use serde::Deserialize;

/// The real input beside the repository, or a line that says it was not there.
pub(crate) fn corpus(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("LOGGIA_CORPUS").map_or_else(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the test harness, which keeps what a passing test prints to itself.
    let skipped = format!("skipped: {} is not there\n", folder.display());
    std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    None
}

/// How three ways of typing every heading find it.
pub(crate) struct Headings {
    pub(crate) exact: Ranks,
    pub(crate) misspelt: Ranks,
    pub(crate) half_typed: Ranks,
}

/// Every unique heading of two words or more, and what is typed for it: the heading as it is, with one random edit in its
/// longest word, and its first two words with the last cut to 3 or 4 letters, where it is longer.
pub(crate) fn typed_headings(guides: &[Guide], seed: u64) -> Vec<(String, [Option<String>; 3])> {
    let mut random = seed;
    let mut next = |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    let typed = |heading: String| {
        let misspelt = with_an_edit(&heading, &mut next);
        let half = half_of(&heading, 3 + next(2));
        (heading.clone(), [Some(heading), Some(misspelt), half])
    };
    unique_headings(guides).into_iter().map(typed).collect()
}

/// Asks for [`typed_headings`].
pub(crate) fn ask_headings(guides: &[Guide], index: &Index, seed: u64) -> Headings {
    let [mut exact, mut misspelt, mut half_typed] = [(); 3].map(|()| Ranks::default());
    for (heading, typed) in typed_headings(guides, seed) {
        for (ranks, typed) in [&mut exact, &mut misspelt, &mut half_typed].into_iter().zip(typed) {
            if let Some(typed) = typed {
                ranks.add(index, &typed, &heading);
            }
        }
    }
    Headings { exact, misspelt, half_typed }
}

/// The Cranfield collection: documents, and questions with the addresses that answer them.
pub(crate) fn cranfield(folder: &Path) -> (Vec<Guide>, Vec<(String, HashSet<String>)>) {
    let guides: Vec<Guide> =
        lines::<Document>(&folder.join("docs.jsonl")).iter().map(Document::guide).collect();
    let mut relevant: HashMap<String, HashSet<String>> = HashMap::new();
    for line in fs::read_to_string(folder.join("qrels.tsv")).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if fields[2] != "0" {
            relevant.entry(fields[0].to_owned()).or_default().insert(format!("/d{}/", fields[1]));
        }
    }
    let queries = lines::<Query>(&folder.join("queries.jsonl")).into_iter();
    let questions = queries.filter_map(|query| Some((query.text, relevant.remove(&query.id)?)));
    (guides, questions.collect())
}

/// nDCG at 10 of each question.
pub(crate) fn gains(index: &Index, questions: &[(String, HashSet<String>)]) -> Vec<f64> {
    let gain = |(text, relevant): &(String, HashSet<String>)| {
        let answer = index.search(&Request::new(text.as_str(), Scope::everything(index)));
        let urls: Vec<String> = answer.hits.into_iter().map(|hit| hit.url).collect();
        normalised_gain(&urls, relevant)
    };
    questions.iter().map(gain).collect()
}

/// nDCG at 10 with one grade of relevance.
fn normalised_gain(urls: &[String], relevant: &HashSet<String>) -> f64 {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let gain: f64 = (0..urls.len()).filter(|rank| relevant.contains(&urls[*rank])).map(discount).sum();
    gain / (0..relevant.len().min(10)).map(discount).sum::<f64>()
}

#[derive(Default)]
pub(crate) struct Ranks {
    first: usize,
    top_three: usize,
    all: usize,
    missed: Vec<String>,
}

impl Ranks {
    fn add(&mut self, index: &Index, query: &str, heading: &str) {
        let answer = index.search(&Request { limit: 3, ..Request::new(query, Scope::everything(index)) });
        let rank = answer.hits.iter().position(|hit| plain(&hit.heading) == plain(heading));
        self.all += 1;
        self.first += usize::from(rank == Some(0));
        self.top_three += usize::from(rank.is_some());
        if rank != Some(0) {
            let first = answer.hits.first().map(|hit| (&hit.title, &hit.heading, hit.score));
            self.missed.push(format!("{query:?} for {heading:?} at {rank:?}, first {first:?}"));
        }
    }

    /// Prints the shares; answers those found first and in the first three.
    pub(crate) fn report(&self, what: &str) -> (f64, f64) {
        let share = |count: usize| count as f64 / self.all as f64;
        println!(
            "{what}: {} asked, {:.1} % first, {:.1} % in three",
            self.all,
            share(self.first) * 100.0,
            share(self.top_three) * 100.0
        );
        for missed in &self.missed {
            println!("    {missed}");
        }
        (share(self.first), share(self.top_three))
    }
}

fn unique_headings(guides: &[Guide]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut headings: Vec<String> = Vec::new();
    for section in guides.iter().flat_map(|guide| guide.sections.iter()) {
        *counts.entry(plain(&section.heading)).or_default() += 1;
        headings.push(section.heading.clone());
    }
    headings.retain(|heading| counts[&plain(heading)] == 1 && heading.split_whitespace().count() >= 2);
    headings
}

/// The words of a heading, whatever their case and punctuation.
fn plain(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// One random insertion, deletion, replacement or swap in the longest word.
fn with_an_edit(heading: &str, next: &mut impl FnMut(usize) -> usize) -> String {
    let longest = heading.split_whitespace().max_by_key(|word| word.chars().count()).unwrap();
    let mut letters: Vec<char> = longest.chars().collect();
    let at = next(letters.len());
    let letter = (b'a'..=b'z').nth(next(26)).map(char::from).unwrap();
    match next(4) {
        0 => letters.insert(at, letter),
        1 if letters.len() > 1 => {
            letters.remove(at);
        }
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => letters[at] = letter,
    }
    heading.replacen(longest, &letters.into_iter().collect::<String>(), 1)
}

/// The first two words, the second cut to `letters` when it is longer.
fn half_of(heading: &str, letters: usize) -> Option<String> {
    let mut words = heading.split_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    let cut: String = second.chars().take(letters).collect();
    (cut.len() < second.len()).then(|| format!("{first} {cut}"))
}

/// The guides of a tech-docs site, cut into sections by their headings alone.
pub(crate) fn guidance(source: &Path) -> Vec<Guide> {
    let mut stubs = Vec::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".html.md.erb") {
                stubs.push(path);
            }
        }
    }
    stubs.sort();
    stubs.iter().map(|stub| guide_of(source, stub)).collect()
}

fn guide_of(source: &Path, stub: &Path) -> Guide {
    let text = fs::read_to_string(stub).unwrap();
    let title = text.lines().find_map(|line| line.strip_prefix("title:")).unwrap_or("Untitled").trim();
    let title = title.trim_matches(['"', '\'']).to_owned();
    let mut markdown = String::new();
    for partial in text.split("partial").skip(1) {
        let name = partial.split(['\'', '"']).nth(1).unwrap_or_default();
        let plain = source.join(format!("{name}.md"));
        let hidden = plain.with_file_name(format!("_{}", plain.file_name().unwrap().to_string_lossy()));
        let erb = source.join(format!("{name}.md.erb"));
        let found = [plain, hidden, erb].into_iter().find_map(|path| fs::read_to_string(path).ok());
        markdown.push_str(&found.unwrap_or_default());
    }
    let relative = stub.strip_prefix(source).unwrap().to_string_lossy().replace(".html.md.erb", ".md");
    let sections = sections(&title, &markdown);
    guide(&relative, &title, sections, markdown)
}

fn sections(title: &str, markdown: &str) -> Vec<Section> {
    let lead = |heading: &str, level, id| Section {
        id,
        level,
        heading: heading.into(),
        text: String::new(),
        code: String::new(),
    };
    let mut sections = vec![lead(title, 1, String::new())];
    let mut in_code = false;
    for line in markdown.lines() {
        let last = sections.last_mut().unwrap();
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            last.code += line;
            last.code.push('\n');
        } else if let Some(heading) = line.strip_prefix('#') {
            let level = 1 + heading.len() - heading.trim_start_matches('#').len();
            let heading = link_text(heading.trim_matches(['#', ' '])).replace(['`', '*'], "");
            let repeats_title = heading == title && sections.len() == 1;
            if !repeats_title && !heading.is_empty() {
                let id = format!("section-{}", sections.len());
                sections.push(lead(&heading, u8::try_from(level).unwrap(), id));
            }
        } else {
            last.text += line;
            last.text.push('\n');
        }
    }
    sections
}

/// The text of a heading that is a link, or the heading.
fn link_text(heading: &str) -> &str {
    heading.strip_prefix('[').and_then(|rest| rest.split_once("](")).map_or(heading, |(text, _)| text)
}

fn guide(file: &str, title: &str, sections: Vec<Section>, markdown: String) -> Guide {
    Guide {
        path: GuidePath::of_file(file).unwrap(),
        file: file.to_owned(),
        title: title.to_owned(),
        description: None,
        weight: None,
        review: Review::default(),
        readers: Readers::PUBLIC,
        language: None,
        boost: 1.0,
        sections: sections.into(),
        markdown: markdown.into(),
    }
}

#[derive(Deserialize)]
struct Document {
    id: String,
    title: String,
    text: String,
}

impl Document {
    fn guide(&self) -> Guide {
        let heading = self.title.clone();
        let lead =
            Section { id: String::new(), level: 1, heading, text: self.text.clone(), code: String::new() };
        guide(&format!("d{}.md", self.id), &self.title, vec![lead], String::new())
    }
}

#[derive(Deserialize)]
struct Query {
    id: String,
    text: String,
}

fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
