//! Guides and apps in, sections out: the right one first, whatever was typed, of those that the viewer may see.
//!
//! Indexing:
//! 1. [`words`]: text becomes words, folded, whole and by part, for the index and for questions alike.
//! 2. [`source`]: guides and apps become pages of sections.
//! 3. [`draft`], [`segment`]: pages that are indexed together, with their [`dictionary`] and postings; it never changes.
//! 4. [`index`]: an [`Index`] is segments and what is gone of them; an update makes another, and a request keeps its own.
//! 5. [`store`]: an index is saved, and read again at the next start.
//!
//! Asking:
//! 6. [`circle`]: a [`Scope`] is what one viewer may see; nothing beyond it has a say in an answer.
//! 7. [`question`]: what was typed becomes a bounded list of words and operators; nothing is an error.
//! 8. [`lexicon`]: which words the scope knows, which ones continue or resemble a word; [`synonyms`]: which mean the same.
//! 9. [`evidence`]: what speaks for a word: itself and its stem; behind them its completions, its likeliest corrections
//!    or its synonyms.
//! 10. [`gather`]: BM25F over the fields of every section that holds any of the words and passes the [`filter`];
//!     [`beginning`]: headings that begin as an unfinished question does are among the candidates, whatever their score.
//! 11. [`company`]: a long question is helped by the words its best answers share.
//! 12. [`closer`]: a second look at the best, by their [`slots`]: how well headings and phrases fit the question; or, while
//!     somebody types, [`typing`].
//! 13. [`snippet`]: the stretch of text that shows why, with its words marked.

mod answer;
mod ask;
mod beginning;
mod bits;
mod circle;
mod closer;
mod company;
mod dictionary;
mod draft;
mod evidence;
mod filter;
mod gather;
mod index;
mod lexicon;
mod question;
mod segment;
mod slots;
mod snippet;
mod source;
mod store;
mod synonyms;
mod typing;
mod words;

pub use answer::{Also, Answer, Corrected, Hit, Kind, Mode, PageHits, Request};
pub use circle::{Circle, Scope};
pub use index::{Changes, Index, SearchError};
pub use synonyms::{Synonyms, SynonymsError};
