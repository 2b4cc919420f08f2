//! What speaks for a word of a question.

use super::lexicon::Lexicon;
use super::question::{Asked, Question};
use super::synonyms::Synonyms;
use super::words::{Shape, is_stop_word, stem};

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

/// What synonyms count.
const SYNONYM: f32 = 0.8;

/// What an inflected form counts beside the very form that was typed.
const STEM: f32 = 0.85;

/// A word that at most this many sections spell so may be a slip there or here.
const RARE: u64 = 2;

/// A correction of a rare word must be this many times as frequent.
const MUCH_MORE_FREQUENT: u64 = 4;

/// The most words that are sought, with those that synonyms add.
pub(super) const MOST_SOUGHT: usize = 48;

/// A word of the index that speaks for a sought one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Its rank in the part's dictionary.
    pub(super) word: u32,
    /// What an occurrence counts.
    pub(super) weight: f32,
    /// It is the word as it was typed, or what it becomes or should have been.
    pub(super) typed: bool,
    /// It is what an unfinished word becomes most often.
    pub(super) likeliest: bool,
    /// It only shares a stem, and says nothing where words have none.
    pub(super) inflected: bool,
}

/// The forms in one part of the scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Forms {
    /// The word and its other forms.
    pub(super) exact: Vec<Form>,
    /// Its alternatives and their other forms; behind exact evidence, never beside it.
    pub(super) loose: Vec<Form>,
}

impl Forms {
    /// Nothing but the word itself speaks for it, if anything does.
    pub(super) fn is_single(&self) -> bool {
        self.loose.is_empty()
            && match &self.exact[..] {
                [] => true,
                [form] => !form.inflected,
                _ => false,
            }
    }
}

/// One word of the question and what in a section speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    /// Which word: an index into [`Question::words`]; none when nobody typed it.
    pub(super) asked: Option<usize>,
    /// What the word counts: how often it was asked.
    pub(super) weight: f32,
    /// It says little by itself.
    pub(super) stop: bool,
    /// By part of the scope.
    pub(super) forms: Vec<Forms>,
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

/// What was found to speak for the words of a question.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) sought: Vec<Sought>,
    /// Words for which nothing speaks: indices into [`Question::words`].
    pub(super) unknown: Vec<usize>,
    /// What was typed and the synonyms that were looked for as well.
    pub(super) synonyms: Vec<(String, String)>,
}

/// The words of `question` that anything speaks for; `verbatim` only as they were typed.
pub(super) fn seek(
    question: &Question,
    lexicon: Lexicon<'_>,
    synonyms: &Synonyms,
    verbatim: bool,
) -> Evidence {
    let mut evidence = Evidence::default();
    let mut humped_known = false;
    let mut lookups = MOST_CORRECTED;
    for (at, asked) in question.words.iter().enumerate() {
        let stem = stem(&asked.word);
        let known = lexicon.knows_any_form(&asked.word, &stem);
        match asked.shape {
            // A joined or humped word that nobody wrote so is looked for by its parts.
            Shape::Joined if !known => continue,
            Shape::Humped => {
                let mut near =
                    || !verbatim && !alternatives(asked, known, &mut lookups, lexicon).0.is_empty();
                humped_known = known || near();
                if !humped_known {
                    continue;
                }
            }
            // The humps of a word that is known whole would only bring in others.
            Shape::Hump if humped_known => continue,
            Shape::Joined | Shape::Hump | Shape::Plain => {}
        }
        let (mut alternatives, likeness) = if verbatim {
            (Vec::new(), Likeness::Neighbour)
        } else {
            alternatives(asked, known, &mut lookups, lexicon)
        };
        let also = if verbatim { Vec::new() } else { synonyms.of_word(&asked.word) };
        let also: Vec<&str> = also.into_iter().filter(|word| lexicon.sections(word) > 0).collect();
        if !known && !also.is_empty() {
            // What has a synonym is no slip.
            alternatives.clear();
        }
        if !known && alternatives.is_empty() && also.is_empty() {
            evidence.unknown.push(at);
            continue;
        }
        let forms = lexicon.scope.parts().iter().map(|part| {
            let dictionary = &part.segment.dictionary;
            let completions = likeness == Likeness::Completion;
            let mut loose = Vec::new();
            for (at, word) in alternatives.iter().enumerate() {
                if completions {
                    let typed = dictionary.find(word).map(|word| Form {
                        word,
                        weight: 1.0,
                        typed: true,
                        likeliest: at == 0,
                        inflected: false,
                    });
                    loose.extend(typed);
                } else {
                    push_forms(dictionary, word, likeness == Likeness::Correction, &mut loose);
                }
            }
            for word in &also {
                push_forms(dictionary, word, false, &mut loose);
            }
            let mut exact = Vec::new();
            push_forms(dictionary, &asked.word, true, &mut exact);
            Forms { exact, loose }
        });
        #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
        let weight = asked.spans.len() as f32;
        evidence.sought.push(Sought {
            asked: Some(at),
            weight,
            stop: asked.stop,
            forms: forms.collect(),
            loose_weight: if likeness == Likeness::Completion { COMPLETION } else { CORRECTION },
            alternatives,
            likeness,
        });
        evidence.synonyms.extend(also.into_iter().map(|word| (asked.word.clone(), word.to_owned())));
    }
    if !verbatim {
        add_phrases(question, lexicon, synonyms, &mut evidence);
    }
    evidence
}

/// Adds the words of synonyms that are, or stand for, several words.
fn add_phrases(question: &Question, lexicon: Lexicon<'_>, synonyms: &Synonyms, evidence: &mut Evidence) {
    let order: Vec<&str> = question.order.iter().map(|at| question.words[*at].word.as_str()).collect();
    for (typed, phrase) in synonyms.of_phrases(&order) {
        let words: Vec<&String> = phrase.iter().filter(|word| !is_stop_word(word)).collect();
        if words.is_empty() || words.iter().any(|word| lexicon.sections(word) == 0) {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a synonym has few words")]
        let weight = SYNONYM * typed.split(' ').count() as f32 / words.len() as f32;
        for word in words {
            if evidence.sought.len() < MOST_SOUGHT {
                let forms = lexicon.scope.parts().iter().map(|part| {
                    let mut exact = Vec::new();
                    push_forms(&part.segment.dictionary, word, false, &mut exact);
                    Forms { exact, loose: Vec::new() }
                });
                evidence.sought.push(Sought {
                    asked: None,
                    weight,
                    stop: false,
                    forms: forms.collect(),
                    loose_weight: 0.0,
                    alternatives: Vec::new(),
                    likeness: Likeness::Neighbour,
                });
            }
        }
        evidence.synonyms.push((typed, phrase.join(" ")));
    }
}

/// Adds the word itself and its other forms.
fn push_forms(dictionary: &super::dictionary::Dictionary, word: &str, typed: bool, forms: &mut Vec<Form>) {
    let itself = dictionary.find(word);
    if let Some(word) = itself {
        forms.push(Form { word, weight: 1.0, typed, likeliest: false, inflected: false });
    }
    let others = dictionary.forms(&stem(word)).iter().filter(|form| Some(**form) != itself);
    forms.extend(others.map(|word| Form {
        word: *word,
        weight: STEM,
        typed: false,
        likeliest: false,
        inflected: true,
    }));
}

/// What an unfinished word may become; else what an unknown or rare word should have been.
fn alternatives(
    asked: &Asked,
    known: bool,
    lookups: &mut usize,
    lexicon: Lexicon<'_>,
) -> (Vec<String>, Likeness) {
    let word = &asked.word;
    if asked.open {
        let completions = lexicon.completions(word, MOST_COMPLETIONS);
        if !completions.is_empty() {
            return (completions, Likeness::Completion);
        }
    }
    let likeness = if known { Likeness::Neighbour } else { Likeness::Correction };
    let sections = lexicon.sections(word);
    let tolerance = tolerance(word);
    if tolerance == 0 || sections > RARE || *lookups == 0 {
        return (Vec::new(), likeness);
    }
    *lookups -= 1;
    if !known {
        return (lexicon.corrections(word, tolerance, MOST_CORRECTIONS), likeness);
    }
    let mut neighbours = lexicon.corrections(word, 1, MOST_CORRECTIONS);
    neighbours.retain(|neighbour| lexicon.sections(neighbour) >= MUCH_MORE_FREQUENT * sections);
    (neighbours, likeness)
}

/// How many typing errors a word may have: none up to 4 letters, one up to 8, two beyond.
pub(super) fn tolerance(word: &str) -> usize {
    match word.chars().count() {
        0..=4 => 0,
        _ if word.chars().all(char::is_numeric) => 0,
        5..=8 => 1,
        _ => 2,
    }
}
