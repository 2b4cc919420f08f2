//! How well search finds, over real guidance and a collection with judgements. The figures are printed
//! (`cargo test search_quality -- --nocapture`); the floors only catch a fall.

use loggia::search::Index;

use crate::search_corpus::{ask_headings, corpus, cranfield, gains, guidance};

#[test]
fn headings_are_found_exact_misspelt_and_half_typed() {
    let Some(folder) = corpus("user-guidance/source") else { return };
    let guides = guidance(&folder);
    let index = Index::build(&guides).unwrap();
    let found = ask_headings(&guides, &index, 0x9e37_79b9_7f4a_7c15);
    for (ranks, what, first, in_three) in [
        (found.exact, "exact", 0.99, 0.999),
        (found.misspelt, "one edit in the longest word", 0.98, 0.99),
        (found.half_typed, "two words, the last cut", 0.92, 0.99),
    ] {
        let shares = ranks.report(what);
        assert!(shares.0 >= first && shares.1 >= in_three, "{what}: {shares:?}");
    }
}

#[test]
fn questions_find_what_was_judged_relevant() {
    let Some(folder) = corpus("cranfield") else { return };
    let (guides, questions) = cranfield(&folder);
    let gains = gains(&Index::build(&guides).unwrap(), &questions);
    #[expect(clippy::cast_precision_loss, reason = "a count of questions")]
    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
    println!("nDCG@10 over {} questions: {mean:.4}", gains.len());
    assert!(mean > 0.42, "{mean}");
}
