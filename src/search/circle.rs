//! Who may find what: every section belongs to a circle, and a question is asked within a scope.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::bits::Bits;
use super::dictionary::rank;
use super::index::Index;
use super::segment::{SAME, Segment};
use crate::model::{AppName, Audience, Readers};

/// Sections that share one rule of who may see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Circle {
    /// The guides with these readers.
    Guides(Readers),
    /// The pages of one app.
    App(AppName),
}

impl Circle {
    /// The app, when it is one's.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::App(app) => Some(app),
            Self::Guides(_) => None,
        }
    }
}

/// The sections that one viewer may see, in one snapshot of the index. Cheap to clone.
///
/// An answer is made as though the others were not there: its hits, its total, its corrections and suggestions, and the
/// statistics behind its order.
#[derive(Clone)]
pub struct Scope {
    parts: Arc<[Seen]>,
    sections: usize,
}

/// What a viewer sees of one segment.
pub(super) struct Seen {
    pub(super) segment: Arc<Segment>,
    pub(super) sections: Bits,
    /// It is all of the segment.
    pub(super) whole: bool,
    /// What the segment's own counts become when the rest is not there.
    counts: OnceLock<Counts>,
}

/// In how many sections, and in how many headings, each word is.
struct Counts {
    sections: Vec<u32>,
    headings: Vec<u32>,
}

/// How many scopes an index keeps.
const KEPT: usize = 16;

/// The scopes that an index was asked within last, by the circles that they hold: what is counted for one viewer serves
/// everybody who may see the same.
#[derive(Default)]
pub(super) struct Scopes(Mutex<VecDeque<(Admitted, Scope)>>);

/// Which circles are seen, by part.
type Admitted = Vec<Vec<bool>>;

impl Scopes {
    /// The scope of these circles: the one that is kept, else the one that is `made`, which is kept from now on.
    fn of(&self, admitted: Admitted, make: impl FnOnce(&Admitted) -> Scope) -> Scope {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scope) = find(&mut lock(), &admitted) {
            return scope;
        }
        // Made outside the lock: others ask meanwhile.
        let scope = make(&admitted);
        let mut kept = lock();
        if let Some(scope) = find(&mut kept, &admitted) {
            return scope;
        }
        kept.truncate(KEPT - 1);
        kept.push_front((admitted, scope.clone()));
        scope
    }
}

/// The kept scope of these circles, which is in front from now on.
fn find(kept: &mut VecDeque<(Admitted, Scope)>, admitted: &Admitted) -> Option<Scope> {
    let at = kept.iter().position(|(other, _)| other == admitted)?;
    let found = kept.remove(at)?;
    let scope = found.1.clone();
    kept.push_front(found);
    Some(scope)
}

impl Scope {
    /// The sections of `index` in the circles that `admits`; each circle is asked about once.
    pub fn new(index: &Index, mut admits: impl FnMut(&Circle) -> bool) -> Self {
        let admitted: Admitted = match &*index.parts {
            [only] => vec![only.segment.circles.iter().map(admits).collect()],
            parts => {
                let mut asked: HashMap<&Circle, bool> = HashMap::new();
                let mut admits = |circle| *asked.entry(circle).or_insert_with(|| admits(circle));
                parts.iter().map(|part| part.segment.circles.iter().map(&mut admits).collect()).collect()
            }
        };
        index.scopes.of(admitted, |admitted| Self::made(index, admitted))
    }

    fn made(index: &Index, admitted: &Admitted) -> Self {
        let mut parts = Vec::with_capacity(index.parts.len());
        for (part, admitted) in index.parts.iter().zip(admitted) {
            let mut bits = Bits::none(part.segment.docs.len());
            for page in &part.segment.pages {
                let first = page.docs.start as usize;
                if admitted[page.circle as usize] && !part.gone.holds(first) {
                    bits.insert_all(first..page.docs.end as usize);
                }
            }
            let segment = Arc::clone(&part.segment);
            let whole = bits.count() == segment.docs.len();
            parts.push(Seen { segment, sections: bits, whole, counts: OnceLock::new() });
        }
        let sections = parts.iter().map(|part| part.sections.count()).sum();
        Self { parts: parts.into(), sections }
    }

    /// What everybody may see of the guides.
    #[must_use]
    pub fn public_guides(index: &Index) -> Self {
        Self::new(
            index,
            |circle| matches!(circle, Circle::Guides(readers) if readers.audience == Audience::Public),
        )
    }

    /// All of it: for measuring, and where nobody is asking.
    #[must_use]
    pub fn everything(index: &Index) -> Self {
        Self::new(index, |_| true)
    }

    /// How many sections it holds.
    #[must_use]
    pub fn sections(&self) -> usize {
        self.sections
    }

    pub(super) fn parts(&self) -> &[Seen] {
        &self.parts
    }
}

/// So few sections are read one by one to count their words; more, word by word.
const FEW: usize = 2_000;

impl Seen {
    /// In how many of the seen sections the word is.
    pub(super) fn frequency(&self, word: u32) -> u32 {
        if self.whole { self.segment.frequency(word) } else { self.counts().sections[word as usize] }
    }

    /// In how many of their headings.
    pub(super) fn headings(&self, word: u32) -> u32 {
        let own = || &self.segment.dictionary.headings;
        if self.whole { own()[word as usize] } else { self.counts().headings[word as usize] }
    }

    fn counts(&self) -> &Counts {
        self.counts.get_or_init(|| {
            let (all, seen) = (self.segment.docs.len(), self.sections.count());
            if seen <= FEW {
                let mut counts = Counts::none(self.segment.dictionary.len());
                self.each(true, |doc| counts.change(&self.segment, doc, |count| *count += 1));
                return counts;
            }
            let words = 0..rank(self.segment.dictionary.len());
            let headings = self.segment.dictionary.headings.clone();
            if all - seen <= FEW {
                let sections = words.map(|word| self.segment.frequency(word)).collect();
                let mut counts = Counts { sections, headings };
                self.each(false, |doc| counts.change(&self.segment, doc, |count| *count -= 1));
                return counts;
            }
            let mut counts = Counts { sections: Vec::new(), headings };
            self.each(false, |doc| counts.headings_change(&self.segment, doc, |count| *count -= 1));
            let seen = |word: u32| {
                let docs = self.segment.postings(word).docs;
                rank(docs.iter().filter(|doc| self.sections.holds(**doc as usize)).count())
            };
            counts.sections = words.map(seen).collect();
            counts
        })
    }

    /// Every section that is seen, or that is not.
    fn each(&self, seen: bool, visit: impl FnMut(usize)) {
        (0..self.segment.docs.len()).filter(|at| self.sections.holds(*at) == seen).for_each(visit);
    }
}

impl Counts {
    fn none(words: usize) -> Self {
        Self { sections: vec![0; words], headings: vec![0; words] }
    }

    /// Counts the words of a section in or out.
    fn change(&mut self, segment: &Segment, at: usize, change: impl Fn(&mut u32)) {
        self.headings_change(segment, at, &change);
        segment.words_of(at).into_iter().for_each(|word| change(&mut self.sections[word as usize]));
    }

    fn headings_change(&mut self, segment: &Segment, at: usize, change: impl Fn(&mut u32)) {
        for token in segment.tokens(&segment.docs[at].heading_tokens) {
            change(&mut self.headings[(token & !SAME) as usize]);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({} sections)", self.sections)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{AppPage, AppText, Section};

    use super::*;

    fn text(app: &str) -> AppText {
        let section = Section {
            id: String::new(),
            level: 1,
            heading: "Tides".to_owned(),
            text: "High at noon.".to_owned(),
            code: String::new(),
        };
        let page = AppPage { path: "/".to_owned(), title: app.to_owned(), sections: [section].into() };
        AppText { app: app.parse().unwrap(), title: app.to_owned(), pages: vec![page] }
    }

    #[test]
    fn a_scope_is_kept_for_whoever_may_see_the_same_and_for_nobody_else() {
        let (tides, winds) = (text("tides"), text("winds"));
        let index = Index::build_all([], [&tides, &winds]).unwrap();
        let of = |index: &Index, app: &str| {
            Scope::new(index, |circle| circle.app().is_some_and(|name| app.contains(name.as_str())))
        };
        let (one, other) = (of(&index, "tides"), of(&index, "winds"));
        assert!(Arc::ptr_eq(&one.parts, &of(&index, "tides").parts));
        assert!(!Arc::ptr_eq(&one.parts, &other.parts));
        assert_eq!((one.sections(), of(&index, "tides winds").sections()), (1, 2));
        let changed =
            index.changed(&crate::search::Changes { removed_apps: &[&tides.app], ..Default::default() });
        assert_eq!(of(&changed.unwrap(), "tides").sections(), 0);
    }

    #[test]
    fn the_scopes_asked_least_lately_are_let_go() {
        let texts: Vec<AppText> = (0..KEPT + 2).map(|n| text(&format!("app-{n}"))).collect();
        let index = Index::build_all([], &texts).unwrap();
        let of =
            |n: usize| Scope::new(&index, |circle| circle.app().is_some_and(|name| *name == texts[n].app));
        let first = of(0);
        (1..KEPT).for_each(|n| assert!(!Arc::ptr_eq(&first.parts, &of(n).parts)));
        assert!(Arc::ptr_eq(&first.parts, &of(0).parts));
        let second = of(1);
        assert_eq!(index.scopes.0.lock().unwrap().len(), KEPT);
        (2..KEPT + 2).for_each(|n| drop(of(n)));
        assert!(!Arc::ptr_eq(&first.parts, &of(0).parts) && !Arc::ptr_eq(&second.parts, &of(1).parts));
    }
}
