//! What speaks for a word of a question.

use super::lexicon::Lexicon;
use super::question::{Asked, Question};
use super::words::{STEM_MARK, Shape, stem};

/// How many completions of an unfinished word are looked for.
const MOST_COMPLETIONS: usize = 100;

/// How many corrections of an unknown word are looked for.
const MOST_CORRECTIONS: usize = 16;

/// How many words of a question are looked for in other spellings; looking takes long.
const MOST_CORRECTED: usize = 4;

/// What completions count beside the word itself.
const COMPLETION: f32 = 0.6;

/// What corrections count.
const CORRECTION: f32 = 0.8;

/// What an inflected form counts beside the very form that was typed.
const STEM: f32 = 0.85;

/// A word that at most this many sections spell so may be a slip there or here.
const RARE: u64 = 2;

/// A correction of a rare word must be this many times as frequent.
const MUCH_MORE_FREQUENT: u64 = 4;

/// A term of the index and what an occurrence of it counts.
pub(super) type Weighted = (String, f32);

/// One word of the question and what in a section speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    /// Which word: an index into [`Question::words`]; none when nobody typed it.
    pub(super) asked: Option<usize>,
    /// What the word counts: how often it was asked.
    pub(super) weight: f32,
    /// It says little by itself.
    pub(super) stop: bool,
    /// The word and its other forms.
    pub(super) exact: Vec<Weighted>,
    /// Its alternatives and their other forms; behind exact evidence, never beside it.
    pub(super) loose: Vec<Weighted>,
    /// What loose evidence counts.
    pub(super) loose_weight: f32,
    /// Likeliest first.
    pub(super) alternatives: Vec<String>,
    /// What the alternatives are.
    pub(super) likeness: Likeness,
}

/// What the alternatives are to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// What an unfinished word may become.
    Completion,
    /// What an unknown word should have been.
    Correction,
    /// What a rare word may have meant.
    Neighbour,
}

impl Sought {
    /// A word that nobody typed.
    pub(super) fn added(exact: Vec<Weighted>, weight: f32) -> Self {
        Self {
            asked: None,
            weight,
            stop: false,
            exact,
            loose: Vec::new(),
            loose_weight: 0.0,
            alternatives: Vec::new(),
            likeness: Likeness::Neighbour,
        }
    }

    /// Whether `term` is the word as it was typed, or what it becomes or should have been.
    pub(super) fn is_typed(&self, term: &str) -> bool {
        self.exact.first().is_some_and(|(typed, _)| typed == term)
            || (self.likeness != Likeness::Neighbour && self.alternatives.iter().any(|word| word == term))
    }
}

/// The words of `question` that anything speaks for.
pub(super) fn seek(question: &Question, lexicon: &Lexicon<'_>) -> tantivy::Result<Vec<Sought>> {
    let mut sought = Vec::with_capacity(question.words.len());
    let mut humped_known = false;
    let mut lookups = MOST_CORRECTED;
    for (at, asked) in question.words.iter().enumerate() {
        let exact = forms(&asked.word);
        let mut known = false;
        for (term, _) in &exact {
            known = known || lexicon.sections(term)? > 0;
        }
        match asked.shape {
            // A joined or humped word that nobody wrote so is looked for by its parts.
            Shape::Joined if !known => continue,
            Shape::Humped => {
                humped_known = known;
                if !known {
                    continue;
                }
            }
            // The humps of a word that is known whole would only bring in others.
            Shape::Hump if humped_known => continue,
            Shape::Joined | Shape::Hump | Shape::Plain => {}
        }
        let (alternatives, likeness) = alternatives(asked, known, &mut lookups, lexicon)?;
        if !known && alternatives.is_empty() {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
        let weight = asked.spans.len() as f32;
        let loose = alternatives.iter().flat_map(|word| match likeness {
            Likeness::Completion => vec![(word.clone(), 1.0)],
            Likeness::Correction | Likeness::Neighbour => forms(word),
        });
        sought.push(Sought {
            asked: Some(at),
            weight,
            stop: asked.stop,
            exact,
            loose: loose.collect(),
            loose_weight: if likeness == Likeness::Completion { COMPLETION } else { CORRECTION },
            alternatives,
            likeness,
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

/// The terms for every form of a stem.
pub(super) fn forms_of_stem(stem: String) -> Vec<Weighted> {
    vec![(format!("{STEM_MARK}{stem}"), 1.0), (stem, 1.0)]
}

/// What an unfinished word may become; else what an unknown or rare word should have been.
fn alternatives(
    asked: &Asked,
    known: bool,
    lookups: &mut usize,
    lexicon: &Lexicon<'_>,
) -> tantivy::Result<(Vec<String>, Likeness)> {
    let word = &asked.word;
    if asked.open {
        let completions = lexicon.completions(word, MOST_COMPLETIONS)?;
        if !completions.is_empty() {
            return Ok((completions, Likeness::Completion));
        }
    }
    let likeness = if known { Likeness::Neighbour } else { Likeness::Correction };
    let sections = lexicon.sections(word)?;
    let tolerance = tolerance(word);
    if tolerance == 0 || sections > RARE || *lookups == 0 {
        return Ok((Vec::new(), likeness));
    }
    *lookups -= 1;
    if !known {
        return Ok((lexicon.corrections(word, tolerance, MOST_CORRECTIONS)?, likeness));
    }
    let mut neighbours = Vec::new();
    for neighbour in lexicon.corrections(word, 1, MOST_CORRECTIONS)? {
        if lexicon.sections(&neighbour)? >= MUCH_MORE_FREQUENT * sections.max(1) {
            neighbours.push(neighbour);
        }
    }
    Ok((neighbours, likeness))
}

/// How many typing errors a word may have: none up to 4 letters, one up to 8, two beyond.
fn tolerance(word: &str) -> u8 {
    match word.chars().count() {
        0..=4 => 0,
        _ if word.chars().all(char::is_numeric) => 0,
        5..=8 => 1,
        _ => 2,
    }
}
