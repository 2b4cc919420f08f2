//! Search over hand-made guides: what is found, in what order, and what a hit says.

use loggia::model::{Guide, GuidePath, Readers, Review, Section};
use loggia::search::{Answer, Index, Request, Scope};
use proptest::prelude::*;

fn guide(file: &str, title: &str, sections: &[(&str, &str, &str)]) -> Guide {
    let section = |(id, heading, text): &(&str, &str, &str)| Section {
        id: (*id).to_owned(),
        level: if id.is_empty() { 1 } else { 2 },
        heading: (*heading).to_owned(),
        text: (*text).to_owned(),
        code: String::new(),
    };
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
        sections: sections.iter().map(section).collect(),
        markdown: loggia::model::Markdown::default(),
    }
}

fn guides() -> Vec<Guide> {
    vec![
        guide(
            "tools/amazon-s3.md",
            "Amazon S3",
            &[
                ("", "Amazon S3", "S3 keeps files in buckets. Each bucket belongs to a team."),
                (
                    "turn-on-versioning",
                    "Turn on versioning",
                    "With versioning, S3 keeps each version of a file.",
                ),
                ("delete-a-bucket", "Delete a bucket", "Ask for it; versions of files go too."),
            ],
        ),
        guide(
            "tools/r studio.md",
            "RStudio",
            &[
                ("", "RStudio", "RStudio is a tool for R. It can read files from a bucket of Amazon S3."),
                ("read-a-file", "Read a file", "Use s3_path() or read_csv(), then look at the café."),
                ("größe", "Change the size", "Choose the memory that your session has."),
            ],
        ),
        guide(
            "index.md",
            "Welcome",
            &[("", "Welcome", "Everything about the platform, a bucket of help included.")],
        ),
        guide(
            "ownership.md",
            "Ownership",
            &[
                ("", "Ownership", "Who owns data."),
                ("what-is-ownership", "What is ownership?", "A role that somebody has."),
            ],
        ),
    ]
}

fn index() -> Index {
    Index::build(&guides()).unwrap()
}

fn search(index: &Index, query: &str) -> Answer {
    index.search(&Request::new(query, Scope::everything(index)))
}

fn first(query: &str) -> String {
    search(&index(), query).hits.first().map_or_else(String::new, |hit| hit.url.clone())
}

#[test]
fn a_hit_leads_to_its_section() {
    assert_eq!(first("turn on versioning"), "/tools/amazon-s3/#turn-on-versioning");
    assert_eq!(first("amazon s3"), "/tools/amazon-s3/", "the lead has no anchor");
    assert_eq!(first("welcome"), "/");
    assert_eq!(first("change the size"), "/tools/r%20studio/#gr%C3%B6%C3%9Fe");
}

#[test]
fn a_heading_beats_scattered_words() {
    assert_eq!(first("delete bucket"), "/tools/amazon-s3/#delete-a-bucket");
    assert_eq!(first("What is ownership?"), "/ownership/#what-is-ownership");
    assert_eq!(first("ownership"), "/ownership/");
}

#[test]
fn a_misspelt_word_is_corrected_and_says_so() {
    let answer = search(&index(), "s3 versoning");
    assert_eq!(answer.hits[0].url, "/tools/amazon-s3/#turn-on-versioning");
    let corrected = answer.corrected.unwrap();
    assert_eq!((corrected.query.as_str(), corrected.from.as_str()), ("s3 versioning", "s3 versoning"));
    assert!(answer.hits[0].snippet.contains("<mark>versioning</mark>"), "{}", answer.hits[0].snippet);
}

#[test]
fn a_known_word_is_not_corrected() {
    for query in ["versioning", "versions", "versionin", "bucket", "zzz", "of", ""] {
        assert_eq!(search(&index(), query).corrected, None, "{query}");
    }
}

#[test]
fn a_short_word_is_not_corrected() {
    assert_eq!(search(&index(), "fole").total, 0);
    assert!(search(&index(), "buckte").total > 0, "two letters that changed places are one error");
}

#[test]
fn an_unfinished_word_finds_what_it_may_become() {
    assert_eq!(first("vers"), "/tools/amazon-s3/#turn-on-versioning");
    assert_eq!(search(&index(), "vers ").total, 0, "a space finishes the word");
}

#[test]
fn other_forms_and_accents_are_found_and_marked() {
    let answer = search(&index(), "owned CAFE");
    let snippets: Vec<&str> = answer.hits.iter().map(|hit| hit.snippet.as_str()).collect();
    assert!(snippets.iter().any(|snippet| snippet.contains("<mark>owns</mark>")), "{snippets:?}");
    assert!(snippets.iter().any(|snippet| snippet.contains("<mark>café</mark>")), "{snippets:?}");
}

#[test]
fn identifiers_are_found_whole_and_by_part() {
    for query in ["s3_path", "s3_path()", "read_csv", "csv", "readcsv"] {
        assert_eq!(first(query), "/tools/r%20studio/#read-a-file", "{query}");
    }
}

#[test]
fn pages_of_hits_do_not_overlap_and_end() {
    let index = index();
    let page = |offset, limit| {
        index.search(&Request { limit, offset, ..Request::new("bucket", Scope::everything(&index)) })
    };
    let all = page(0, 100);
    assert_eq!(all.hits.len(), all.total);
    assert!(all.total >= 4);
    let one_by_one: Vec<_> = (0..all.total).flat_map(|offset| page(offset, 1).hits).collect();
    assert_eq!(one_by_one, all.hits);
    assert!(page(all.total, 10).hits.is_empty() && page(usize::MAX, usize::MAX).hits.is_empty());
    assert_eq!(page(0, 0).total, all.total);
}

#[test]
fn an_update_is_seen_by_the_next_snapshot_only() {
    let before = index();
    let changed = guide("index.md", "Welcome", &[("", "Welcome", "Now about penguins.")]);
    let new = guide("birds.md", "Birds", &[("", "Birds", "Penguins swim.")]);
    let removed = GuidePath::of_file("ownership.md").unwrap();
    let after = before.updated(&[&changed, &new], &[&removed]).unwrap();
    assert_eq!((search(&before, "penguins").total, search(&after, "penguins").total), (0, 2));
    assert_eq!((search(&before, "ownership").total, search(&after, "ownership").total), (2, 0));
    assert_eq!(search(&after, "everything").total, 0, "the old text of a changed guide is gone");
    assert_eq!(search(&before, "everything").total, 1);
    assert_eq!((before.sections(), after.sections()), (9, 8));
}

#[test]
fn an_index_of_nothing_answers_nothing() {
    let index = Index::build([]).unwrap();
    assert_eq!(search(&index, "anything"), Answer::default());
}

#[test]
fn an_answer_is_written_as_the_contract_says() {
    let mut answer = search(&index(), "s3 versoning");
    answer.hits.truncate(1);
    answer.hits[0].score = 1.0;
    insta::assert_json_snapshot!(answer);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_question_has_an_answer(
        query in r#"([-"'+*~^:(){}\[\]\\/&|!<> ]|AND|bucket|versoning|title:|\PC){0,80}"#,
        offset in 0_usize..20,
    ) {
        thread_local!(static INDEX: Index = index());
        let answer = INDEX.with(|index| {
            let request = Request::new(query, Scope::everything(index));
            index.search(&Request { limit: 5, offset, ..request })
        });
        prop_assert!(answer.hits.len() <= 5 && answer.hits.len() <= answer.total);
        prop_assert!(answer.hits.iter().all(|hit| hit.score.is_finite()));
    }
}
