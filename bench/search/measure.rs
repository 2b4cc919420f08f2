//! What the claims about search rest on: how well it finds, how fast it answers, and what the index costs.
//! `bench/search/run` builds this and puts a peer's figures beside it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a measurement, printed"
)]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loggia::model::{AppPage, AppText, Guide, GuidePath, Readers, Review, Section};
use loggia::search::{Changes, Circle, Index, Request, Scope};

#[path = "../../tests/it/search_corpus.rs"]
mod search_corpus;

use search_corpus::{ask_headings, corpus, cranfield, gains, guidance, typed_headings};

/// The headings that are asked for are misspelt and cut the same way in every run.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

const ASKERS: usize = 16;
const CORES: usize = 2;

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    if only == "export" {
        export(Path::new(&std::env::args().nth(2).expect("a folder to write to")));
        return;
    }
    if !only.starts_with("speed") {
        quality();
    }
    if !only.starts_with("quality") {
        speed();
    }
}

fn quality() {
    if let Some(folder) = corpus("cranfield") {
        let (guides, questions) = cranfield(&folder);
        let gains = gains(&Index::build(&guides).unwrap(), &questions);
        let mean = |part: usize| {
            let half: Vec<f64> =
                gains.iter().skip(part % 2).step_by(if part == 2 { 1 } else { 2 }).copied().collect();
            half.iter().sum::<f64>() / half.len() as f64
        };
        println!(
            "Cranfield nDCG@10: {:.4} over {} questions ({:.4} and {:.4} over every other one)",
            mean(2),
            gains.len(),
            mean(0),
            mean(1)
        );
    }
    if let Some(folder) = corpus("user-guidance/source") {
        let guides = guidance(&folder);
        let index = Index::build(&guides).unwrap();
        println!("guidance: {} sections", index.sections());
        let found = ask_headings(&guides, &index, SEED);
        found.exact.report("exact");
        found.misspelt.report("one edit in the longest word");
        found.half_typed.report("two words, the last cut");
    }
}

/// Writes what is indexed and asked to `folder`, a line of JSON each, for a peer: `sections` and `questions` of the speed
/// figures, `guidance` and what is typed for its `headings`.
fn export(folder: &Path) {
    let write = |name: &str, lines: &mut dyn Iterator<Item = serde_json::Value>| {
        let mut text = String::new();
        lines.for_each(|line| writeln!(text, "{line}").unwrap());
        std::fs::write(folder.join(name), text).unwrap();
    };
    let section = |one: &Section| serde_json::json!({"heading": one.heading, "text": format!("{}\n{}", one.text, one.code)});
    let all = sections(100_000);
    write("sections.jsonl", &mut all.iter().map(section));
    let (plain, misspelt) = typed_questions(&all);
    write(
        "questions.jsonl",
        &mut plain.into_iter().map(|one| serde_json::json!({"kind": "words", "query": one})),
    );
    write(
        "misspelt.jsonl",
        &mut misspelt.into_iter().map(|one| serde_json::json!({"kind": "typos", "query": one})),
    );
    let Some(source) = corpus("user-guidance/source") else { return };
    let guides = guidance(&source);
    write("guidance.jsonl", &mut guides.iter().flat_map(|guide| guide.sections.iter()).map(section));
    let typed = typed_headings(&guides, SEED).into_iter();
    write(
        "headings.jsonl",
        &mut typed.map(|(heading, typed)| serde_json::json!({"heading": heading, "typed": typed})),
    );
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Sections as long as the real ones, of the real sentences with a tenth of their words exchanged for rarer ones, so that
/// the vocabulary grows as it does in real text.
fn sections(count: usize) -> Vec<Section> {
    let mut texts: Vec<String> = Vec::new();
    for folder in ["user-guidance/source", "cranfield"] {
        let Some(folder) = corpus(folder) else { continue };
        let guides = if folder.ends_with("source") { guidance(&folder) } else { cranfield(&folder).0 };
        texts.extend(
            guides.iter().flat_map(|guide| guide.sections.iter()).map(|section| section.text.clone()),
        );
    }
    let sentences: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split_inclusive(['.', '\n']))
        .filter(|one| one.len() > 30)
        .collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
    let mut random = Random(7);
    let section = |at: usize| {
        let mut text = String::new();
        while text.len() < 300 + random.below(1200) {
            for word in sentences[random.below(sentences.len())].split_whitespace() {
                match random.below(40) {
                    0 => {
                        text.push_str(words[random.below(words.len())]);
                        text.push_str(&random.below(3_000).to_string());
                    }
                    1..=4 => text.push_str(words[random.below(words.len())]),
                    _ => text.push_str(word),
                }
                text.push(' ');
            }
        }
        let heading = (0..2 + random.below(4)).map(|_| words[random.below(words.len())]).collect::<Vec<_>>();
        Section { id: format!("s{at}"), level: 2, heading: heading.join(" "), text, code: String::new() }
    };
    (0..count).map(section).collect()
}

fn guide(number: usize, sections: &[Section]) -> Guide {
    let file = format!("folder-{}/page-{number}.md", number % 50);
    Guide {
        path: GuidePath::of_file(&file).unwrap(),
        file,
        title: sections[0].heading.clone(),
        description: None,
        weight: None,
        review: Review::default(),
        readers: Readers::PUBLIC,
        language: None,
        boost: 1.0,
        sections: sections.into(),
        markdown: loggia::model::Markdown::default(),
    }
}

fn speed() {
    let all = sections(100_000);
    let guides: Vec<Guide> = all.chunks(8).enumerate().map(|(number, some)| guide(number, some)).collect();
    let begun = Instant::now();
    let index = Index::build(&guides).unwrap();
    println!(
        "\n{} sections, {:.1} MB of text, built in {:.2} s",
        index.sections(),
        mega(index.text_bytes()),
        begun.elapsed().as_secs_f64()
    );

    if !std::env::args().any(|given| given == "speed-ask") {
        disk(&index, &guides);
    }
    let after = change(&index, &guides);
    questions(&index, &after, &all, &guides);
}

/// What keeping an index for the next start costs.
fn disk(index: &Index, guides: &[Guide]) {
    let file = std::env::temp_dir().join(format!("loggia-search-{}", std::process::id()));
    let begun = Instant::now();
    index.save(&file).unwrap();
    let size = std::fs::metadata(&file).unwrap().len();
    println!(
        "on disk {:.1} MB, {:.0} % of the text, written in {:.2} s",
        mega(size),
        100.0 * size as f64 / index.text_bytes() as f64,
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    Index::load(&file).unwrap();
    let read = begun.elapsed();
    let loaded = Index::reopen(&file, guides, []).unwrap().unwrap();
    println!(
        "read again in {:.2} s, and found unchanged beside its guides in {:.2} s ({} sections)",
        read.as_secs_f64(),
        begun.elapsed().saturating_sub(read).as_secs_f64(),
        loaded.sections()
    );
    std::fs::remove_file(&file).unwrap();
}

/// How soon a change to one page is found; answers the index after it.
fn change(index: &Index, guides: &[Guide]) -> Index {
    let mut changed = guides[17].clone();
    "A change about quokkas.".clone_into(&mut Arc::make_mut(&mut changed.sections)[0].text);
    let mut updates: Vec<Duration> = Vec::new();
    let mut after = index.clone();
    for _ in 0..20 {
        let begun = Instant::now();
        after = after.updated(&[&changed], &[]).unwrap();
        let scope = Scope::public_guides(&after);
        assert_eq!(after.search(&Request::new("quokkas", scope)).total, 1);
        updates.push(begun.elapsed());
    }
    updates.sort();
    println!(
        "a change to one page is found after {:.1} ms (median), {:.1} ms (most)",
        milli(updates[10]),
        milli(updates[19])
    );
    after
}

/// Questions of one to four words of the texts, and such with one more that is misspelt.
fn typed_questions(all: &[Section]) -> (Vec<String>, Vec<String>) {
    let mut random = Random(11);
    let words: Vec<&str> = all.iter().take(3000).flat_map(|one| one.text.split_whitespace()).collect();
    let query = |random: &mut Random, typo: bool| {
        let mut picked: Vec<String> =
            (0..=random.below(4)).map(|_| words[random.below(words.len())].to_owned()).collect();
        if typo {
            let long: Vec<&&str> = words.iter().filter(|word| word.len() > 6 && word.is_ascii()).collect();
            let mut word = long[random.below(long.len())].to_string();
            word.remove(1 + random.below(word.len() - 2));
            picked.push(format!("{word} "));
        }
        picked.join(" ")
    };
    let plain = (0..2000).map(|_| query(&mut random, false)).collect();
    (plain, (0..2000).map(|_| query(&mut random, true)).collect())
}

/// How fast questions are answered.
fn questions(index: &Index, after: &Index, all: &[Section], guides: &[Guide]) {
    let (plain, misspelt) = typed_questions(all);
    let scope = Scope::public_guides(index);
    ask("words", index, &scope, &plain);
    ask("words with a typo", index, &scope, &misspelt);
    let scope = Scope::public_guides(after);
    ask("words, after changes", after, &scope, &plain);

    let texts: Vec<AppText> = all
        .chunks(10)
        .take(5_000)
        .enumerate()
        .map(|(number, some)| AppText {
            app: format!("app-{number}").parse().unwrap(),
            title: some[0].heading.clone(),
            pages: vec![AppPage {
                path: "/".to_owned(),
                title: some[0].heading.clone(),
                sections: some.into(),
            }],
        })
        .collect();
    let texts: Vec<&AppText> = texts.iter().collect();
    let rest: Vec<&Guide> = guides[guides.len() / 2..].iter().collect();
    let with_apps = Index::build([])
        .unwrap()
        .changed(&Changes { guides: &rest, apps: &texts, ..Changes::default() })
        .unwrap();
    let begun = Instant::now();
    let mine: HashSet<String> = (0..50).map(|n| format!("app-{}", n * 97)).collect();
    let some = Scope::new(&with_apps, |circle| match circle {
        Circle::App(app) => mine.contains(app.as_str()),
        Circle::Guides(_) => true,
    });
    println!("the scope of 50 of 5,000 apps is made in {:.2} ms", milli(begun.elapsed()));
    ask("5,000 apps, all seen", &with_apps, &Scope::everything(&with_apps), &plain);
    ask("5,000 apps, 50 seen", &with_apps, &some, &plain);
}

/// Asks all questions from [`ASKERS`] threads, as many at a time as there are cores, as a server would.
fn ask(what: &str, index: &Index, scope: &Scope, questions: &[String]) {
    let alone = {
        let mut took: Vec<Duration> = questions.iter().map(|question| time(index, scope, question)).collect();
        took.sort();
        took
    };
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<()>> = (0..CORES).map(|_| Mutex::new(())).collect();
    let took = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for asker in 0..ASKERS {
            let (next, took, slots) = (&next, &took, &slots);
            threads.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(question) = questions.get(at) else { break };
                    let spent = {
                        let _slot = slots[asker % CORES].lock().unwrap();
                        time(index, scope, question)
                    };
                    took.lock().unwrap().push(spent);
                }
            });
        }
    });
    let mut took = took.into_inner().unwrap();
    took.sort();
    let at = |took: &[Duration], percent: usize| milli(took[(took.len() - 1) * percent / 100]);
    println!(
        "{what:24} alone p50 {:.3} p99 {:.3} ms; {ASKERS} askers p50 {:.3} p99 {:.3} most {:.3} ms",
        at(&alone, 50),
        at(&alone, 99),
        at(&took, 50),
        at(&took, 99),
        at(&took, 100)
    );
}

/// How long an answer takes by the clock.
fn time(index: &Index, scope: &Scope, question: &str) -> Duration {
    let begun = Instant::now();
    let answer = index.search(&Request::new(question, scope.clone()));
    std::hint::black_box(answer);
    begun.elapsed()
}

fn milli(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
