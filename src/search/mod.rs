//! Guides in, sections out: the right one first, whatever was typed.
//!
//! 1. [`words`]: text becomes words, folded, whole and by part, for the index and for questions alike.
//! 2. [`record`]: each section of a guide becomes one document of the index.
//! 3. [`index`]: an [`Index`] is built once, then updated guide by guide; a request keeps the one it met.
//! 4. [`question`]: what was typed becomes a bounded list of words; nothing is an error.
//! 5. [`lexicon`]: which words the index knows, which ones continue or resemble a word.
//! 6. [`evidence`]: what speaks for a word: itself and its stem; behind them its completions, or its likeliest
//!    corrections.
//! 7. [`gather`]: BM25F over the fields of every section that holds any of the words.
//! 8. [`company`]: a long question is helped by the words its best answers share.
//! 9. [`closeness`]: a second look at the best: how well headings and phrases fit the question.
//! 10. [`snippet`]: the stretch of text that shows why, with its words marked.

mod answer;
mod ask;
mod closeness;
mod company;
mod evidence;
mod gather;
mod index;
mod lexicon;
mod question;
mod record;
mod snippet;
mod words;

pub use answer::{Answer, Corrected, Hit, Kind, Request};
pub use index::{Index, SearchError};
