//! What speaks for a word of a question.

use super::lexicon::Lexicon;
use super::question::{Asked, Question};
use super::words::{STEM_MARK, Shape, stem};

/// How many completions of an unfinished word are looked for.
const MOST_COMPLETIONS: usize = 64;

/// How many corrections of an unknown word are looked for.
const MOST_CORRECTIONS: usize = 16;

/// What completions count beside the word itself.
const COMPLETION: f32 = 0.6;

/// What corrections count.
const CORRECTION: f32 = 0.8;

/// What an inflected form counts beside the very form that was typed.
const STEM: f32 = 0.85;

/// A term of the index and what an occurrence of it counts.
pub(super) type Weighted = (String, f32);

/// One word of the question and what in a section speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    /// Which word: an index into [`Question::words`].
    pub(super) asked: usize,
    /// What the word counts: how often it was asked.
    pub(super) weight: f32,
    /// It says little by itself.
    pub(super) stop: bool,
    /// The word and its other forms.
    pub(super) exact: Vec<Weighted>,
    /// What it may become or should have been; behind exact evidence, never beside it.
    pub(super) loose: Vec<Weighted>,
    /// What loose evidence counts.
    pub(super) loose_weight: f32,
    /// Completions, or corrections when the word is unknown; likeliest first.
    pub(super) alternatives: Vec<String>,
    /// The alternatives are corrections.
    pub(super) corrected: bool,
}

/// The words of `question` that anything speaks for.
pub(super) fn seek(question: &Question, lexicon: &Lexicon<'_>) -> tantivy::Result<Vec<Sought>> {
    let mut sought = Vec::with_capacity(question.words.len());
    let mut whole_known = false;
    for (at, asked) in question.words.iter().enumerate() {
        let exact = forms(&asked.word);
        let known = knows_any(lexicon, &exact)?;
        match asked.shape {
            Shape::Whole => {
                whole_known = known;
                if !known {
                    continue;
                }
            }
            // The humps of a word that is known whole would only bring in others.
            Shape::Piece if whole_known => continue,
            Shape::Piece | Shape::Plain => {}
        }
        let (alternatives, corrected) = alternatives(asked, known, lexicon)?;
        if !known && alternatives.is_empty() {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
        let weight = asked.spans.len() as f32;
        sought.push(Sought {
            asked: at,
            weight,
            stop: asked.stop,
            exact,
            loose: alternatives.iter().flat_map(|word| forms_of_alternative(word, corrected)).collect(),
            loose_weight: if corrected { CORRECTION } else { COMPLETION },
            alternatives,
            corrected,
        });
    }
    Ok(sought)
}

/// The term for the word itself, and those for its other forms.
fn forms(word: &str) -> Vec<Weighted> {
    let stem = stem(word);
    let mut forms = vec![(word.to_owned(), 1.0), (format!("{STEM_MARK}{stem}"), STEM)];
    if stem != word {
        forms.push((stem, STEM));
        // The typed form is among those with its stem.
        forms[0].1 = 1.0 - STEM;
    }
    forms
}

fn forms_of_alternative(word: &str, corrected: bool) -> Vec<Weighted> {
    if corrected { forms(word) } else { vec![(word.to_owned(), 1.0)] }
}

fn knows_any(lexicon: &Lexicon<'_>, forms: &[Weighted]) -> tantivy::Result<bool> {
    for (term, _) in forms {
        if lexicon.knows(term)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Completions of an unfinished word; corrections of one that is unknown and has none. The second value says which.
fn alternatives(asked: &Asked, known: bool, lexicon: &Lexicon<'_>) -> tantivy::Result<(Vec<String>, bool)> {
    if asked.open {
        let completions = lexicon.completions(&asked.word, MOST_COMPLETIONS)?;
        if known || !completions.is_empty() {
            return Ok((completions, false));
        }
    }
    if known || asked.word.chars().all(|c| c.is_numeric()) {
        return Ok((Vec::new(), false));
    }
    for distance in 1..=tolerance(&asked.word) {
        let corrections = lexicon.neighbours(&asked.word, distance, MOST_CORRECTIONS)?;
        if !corrections.is_empty() {
            return Ok((corrections, true));
        }
    }
    Ok((Vec::new(), false))
}

/// How many typing errors a word may have: none up to 4 letters, one up to 8, two beyond.
fn tolerance(word: &str) -> u8 {
    match word.chars().count() {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}
