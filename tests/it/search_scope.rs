//! Nothing that a viewer may not see has a say in an answer: not in its hits, its total, its corrections, its
//! completions, its suggestions, or the scores of what may be seen.

use loggia::model::{AppName, AppPage, AppText, Audience, Guide, GuidePath, Readers, Review, Section};
use loggia::search::{Answer, Changes, Circle, Index, Kind, Mode, Request, Scope, Synonyms};
use proptest::prelude::*;

fn section(heading: &str, text: &str) -> Section {
    let id = heading.to_lowercase().replace(' ', "-");
    Section { id, level: 2, heading: heading.to_owned(), text: text.to_owned(), code: String::new() }
}

fn guide(file: &str, title: &str, text: &str, readers: Readers) -> Guide {
    Guide {
        path: GuidePath::of_file(file).unwrap(),
        file: file.to_owned(),
        title: title.to_owned(),
        description: None,
        weight: None,
        review: Review::default(),
        readers,
        language: None,
        boost: 1.0,
        sections: [section(title, text)].into(),
        markdown: loggia::model::Markdown::default(),
    }
}

fn listed(who: &str) -> Readers {
    Readers { audience: Audience::Listed, who: vec![who.parse().unwrap()] }
}

fn app(name: &str, title: &str, text: &str) -> AppText {
    let page = AppPage {
        path: "/".to_owned(),
        title: title.to_owned(),
        sections: [section(title, text), section("More of it", text)].into(),
    };
    AppText { app: name.parse().unwrap(), title: title.to_owned(), pages: vec![page] }
}

fn guides() -> [Guide; 3] {
    [
        guide("bucket.md", "Use a bucket", "Every team has a bucket for its files.", Readers::PUBLIC),
        guide(
            "secret.md",
            "Zanzibar merger",
            "The zanzibar bucket is for the directors.",
            listed("ann@example.org"),
        ),
        guide(
            "staff.md",
            "Quixotic plans",
            "Only for those who signed in, with a bucket.",
            Readers { audience: Audience::SignedIn, who: Vec::new() },
        ),
    ]
}

fn apps() -> [AppText; 2] {
    [
        app("tides", "Tide tables", "High water at the harbour."),
        app("ledger", "Xylophone ledger", "Xylophones and a bucket."),
    ]
}

fn index() -> Index {
    Index::build_all(&guides(), &apps()).unwrap()
}

/// Sees public guides, and the app `tides`.
fn visitor(index: &Index) -> Scope {
    Scope::new(index, |circle| match circle {
        Circle::Guides(readers) => readers.audience == Audience::Public,
        Circle::App(app) => app.as_str() == "tides",
    })
}

fn ask(index: &Index, scope: Scope, query: &str) -> Answer {
    index.search(&Request::new(query, scope))
}

#[test]
fn a_circle_is_one_rule_of_who_may_see() {
    let index = index();
    assert_eq!(index.circles().len(), 5);
    assert_eq!(visitor(&index).sections(), 3);
    assert_eq!(Scope::public_guides(&index).sections(), 1);
}

#[test]
fn apps_are_found_by_those_who_see_them() {
    let index = index();
    let answer = ask(&index, visitor(&index), "harbour water");
    let hit = &answer.hits[0];
    assert_eq!((hit.kind, hit.app.as_deref(), hit.url.as_str()), (Kind::App, Some("tides"), "/#tide-tables"));
    assert_eq!(answer.pages().len(), 1, "two sections of one page are one page");
    assert_eq!(ask(&index, Scope::public_guides(&index), "harbour water").total, 0);
}

#[test]
fn operators_choose_apps_guides_titles_and_phrases() {
    let index = index();
    let all = || Scope::everything(&index);
    let total = |query: &str| ask(&index, all(), query).total;
    assert_eq!(total("bucket"), 5);
    assert_eq!(total("bucket in:guides"), 3);
    assert_eq!(total("bucket in:apps"), 2);
    assert_eq!(total("bucket app:tides"), 0);
    assert_eq!(total("bucket app:ledger -more"), 1);
    assert_eq!(total("title:bucket"), 1);
    assert_eq!(total("bucket -zanzibar"), 4);
    assert_eq!(total("\"team has a bucket\""), 1);
    assert_eq!(total("\"bucket a has team\""), 0);
}

#[test]
fn a_word_of_another_circle_corrects_and_suggests_nothing() {
    let index = index();
    for query in ["zanzibr", "zanziba", "xylophon", "xylophnoe", "quixotc", "ledgr", "zanzibar merger plans"]
    {
        for mode in [Mode::Whole, Mode::Typing] {
            let answer = index.search(&Request { mode, ..Request::new(query, visitor(&index)) });
            assert_eq!(answer, Answer::default(), "{query}");
        }
    }
    assert!(ask(&index, Scope::everything(&index), "zanzibr ").corrected.is_some());
}

#[test]
fn synonyms_are_found_marked_and_reported_but_only_in_scope() {
    let synonyms =
        Synonyms::parse("groups = [[\"pail\", \"bucket\", \"zanzibar\"], [\"sea level\", \"tide\"]]")
            .unwrap();
    let index = index().with_synonyms(synonyms);
    let answer = ask(&index, visitor(&index), "pail ");
    assert_eq!(answer.total, 1);
    assert!(answer.hits[0].snippet.contains("<mark>bucket</mark>"), "{}", answer.hits[0].snippet);
    let reported: Vec<&str> = answer.synonyms.iter().map(|also| also.synonym.as_str()).collect();
    assert_eq!(reported, ["bucket"]);
    assert_eq!(ask(&index, visitor(&index), "sea level ").hits[0].title, "Tide tables");
    let verbatim = Request { verbatim: true, ..Request::new("pail", visitor(&index)) };
    assert_eq!(index.search(&verbatim).total, 0);
}

#[test]
fn verbatim_obeys() {
    let index = index();
    let request = Request { verbatim: true, ..Request::new("buckte ", visitor(&index)) };
    let answer = index.search(&request);
    assert_eq!((answer.total, answer.corrected), (0, None));
    assert_eq!(ask(&index, visitor(&index), "buckte ").corrected.unwrap().query, "bucket ");
}

#[test]
fn an_app_is_replaced_and_removed() {
    let before = index();
    let new = app("tides", "Tide tables", "Neap and spring.");
    let ledger: AppName = "ledger".parse().unwrap();
    let after =
        before.changed(&Changes { apps: &[&new], removed_apps: &[&ledger], ..Changes::default() }).unwrap();
    let total = |index: &Index, query: &str| ask(index, Scope::everything(index), query).total;
    assert_eq!((total(&before, "harbour"), total(&after, "harbour")), (2, 0));
    assert_eq!((total(&before, "xylophones"), total(&after, "xylophones")), (2, 0));
    assert_eq!((total(&before, "neap"), total(&after, "neap")), (0, 2));
}

#[test]
fn while_typing_titles_come_first_then_headings_then_words() {
    let public = |file: &str, title: &str, text: &str| guide(file, title, text, Readers::PUBLIC);
    let mut long = public("a.md", "Storage", "All about it.");
    long.sections = [long.sections[0].clone(), section("Bucket policies", "Rules.")].into();
    let guides = [
        public("z.md", "Other", "A bucket is mentioned here, bucket after bucket."),
        public("b.md", "Buckets", "What they are."),
        long,
    ];
    let index = Index::build(&guides).unwrap();
    for typed in ["buc", "buck", "bucke", "bucket"] {
        let request = Request { mode: Mode::Typing, ..Request::new(typed, Scope::everything(&index)) };
        let headings: Vec<String> = index.search(&request).hits.into_iter().map(|hit| hit.heading).collect();
        assert_eq!(headings, ["Buckets", "Bucket policies", "Other"], "{typed}");
    }
}

#[test]
fn a_heading_that_begins_as_typed_is_found_however_many_texts_hold_the_words() {
    let filler = "Data is uploaded: upload data, data uploads. ".repeat(5);
    let mut guides: Vec<_> = (0..400)
        .map(|n| guide(&format!("f{n}.md"), &format!("Data, data {n}"), &filler, Readers::PUBLIC))
        .collect();
    let text = "Long ago, before everything else, ".repeat(60);
    guides.push(guide("one.md", "Data uploader requirements of one kind or another", &text, Readers::PUBLIC));
    let index = Index::build(&guides).unwrap();
    for mode in [Mode::Whole, Mode::Typing] {
        let request = Request { mode, ..Request::new("data uploader req", Scope::everything(&index)) };
        assert_eq!(index.search(&request).hits[0].page, "/one/", "{mode:?}");
        let request = Request { mode, ..Request::new("data upl", Scope::everything(&index)) };
        assert_eq!(index.search(&request).hits[0].page, "/one/", "{mode:?}");
    }
}

#[test]
fn an_unfinished_question_is_offered_each_way_on_once_before_any_again() {
    let public = |file: &str, title: &str| guide(file, title, "Text.", Readers::PUBLIC);
    let mut guides: Vec<_> =
        ["a", "b", "c", "d"].map(|file| public(&format!("{file}.md"), "Getting started")).into();
    guides.push(public("e.md", "Getting started with locks"));
    let index = Index::build(&guides).unwrap();
    let pages = |query: &str| {
        let answer = ask(&index, Scope::everything(&index), query);
        assert!(answer.hits.is_sorted_by(|a, b| a.score >= b.score), "{query}");
        answer.hits.into_iter().map(|hit| hit.page).collect::<Vec<_>>()
    };
    assert_eq!(pages("getting sta")[1], "/e/");
    // Whoever has typed it all means just that.
    assert_eq!(pages("getting started").last().unwrap(), "/e/");
}

#[test]
fn boosted_guides_come_sooner_and_overdue_ones_later() {
    let public = |file: &str| guide(file, "Same", "The same words.", Readers::PUBLIC);
    let (mut boosted, mut overdue, plain) = (public("a.md"), public("b.md"), public("c.md"));
    boosted.boost = 2.0;
    overdue.review.due = Some(jiff::civil::date(2026, 1, 1));
    let index = Index::build([&overdue, &plain, &boosted]).unwrap();
    let today = Some(jiff::civil::date(2026, 2, 1));
    let answer = index.search(&Request { today, ..Request::new("same words", Scope::everything(&index)) });
    let urls: Vec<&str> = answer.hits.iter().map(|hit| hit.url.as_str()).collect();
    assert_eq!(urls, ["/a/#same", "/c/#same", "/b/#same"]);
}

#[test]
fn words_of_a_page_in_another_language_have_no_english_stems() {
    let mut welsh = guide("cy.md", "Cymraeg", "Mae running yma.", Readers::PUBLIC);
    welsh.language = Some("cy".to_owned());
    let english = guide("en.md", "English", "Here is running.", Readers::PUBLIC);
    let index = Index::build([&welsh, &english]).unwrap();
    let total = |query: &str| ask(&index, Scope::everything(&index), query).total;
    assert_eq!((total("run "), total("running ")), (1, 2));
}

#[test]
fn a_saved_index_is_read_again_and_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache").join("index");
    let (guides, apps) = (guides(), apps());
    index().save(&file).unwrap();
    let same = Index::reopen(&file, &guides, &apps).unwrap().unwrap();
    let whole = |index: &Index| ask(index, Scope::everything(index), "bucket");
    assert_eq!(whole(&same), whole(&index()));
    let mut changed = guides.clone();
    std::sync::Arc::make_mut(&mut changed[0].sections)[0].text = "Now about wombats.".to_owned();
    let next = Index::reopen(&file, &changed[..2], &apps[..1]).unwrap().unwrap();
    let total = |query: &str| ask(&next, Scope::everything(&next), query).total;
    assert_eq!((total("wombats"), total("quixotic"), total("xylophones"), total("zanzibar")), (1, 0, 0, 1));
}

#[test]
fn a_file_that_is_no_index_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index");
    assert!(Index::load(&file).is_none());
    index().save(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    for at in [0, 20, 60, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        assert!(Index::load(&file).is_none(), "byte {at}");
    }
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(Index::load(&file).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What a viewer is answered is what an index without the rest would answer.
    #[test]
    fn an_answer_is_as_though_the_rest_were_not_there(
        query in r#"(bucket|zanzibar|zanzibr|xylophone|xylo|quixotic|ledger|tide|team|harbor|"|-|in:apps|title:| |plans|[a-z]{1,3}){1,6}"#,
        mode in prop::sample::select(vec![Mode::Whole, Mode::Typing]),
    ) {
        thread_local!(static BOTH: (Index, Index) = {
            let (guides, apps) = (guides(), apps());
            let seen = Index::build_all(&guides[..1], &apps[..1]).unwrap();
            (index(), seen)
        });
        let (all, seen) = BOTH.with(Clone::clone);
        let mut within = all.search(&Request { mode, ..Request::new(query.as_str(), visitor(&all)) });
        let mut alone = seen.search(&Request { mode, ..Request::new(query.as_str(), Scope::everything(&seen)) });
        // Lengths are held against the average of the whole index, which no question changes.
        for hit in within.hits.iter_mut().chain(&mut alone.hits) {
            hit.score = 0.0;
        }
        prop_assert_eq!(within, alone);
    }
}
