//! Who may read what is at an address: what a guide says for itself, else what the nearest folder's index says.

use std::collections::HashMap;
use std::sync::Arc;

use super::audience::{Declared, NOBODY};
use super::page::Parsed;
use crate::model::Readers;

/// The readers of every address. Different ones are few, and each has a number; 0 is everyone.
#[derive(Debug)]
pub(super) struct Audiences {
    distinct: Vec<Readers>,
    /// Guides that say it themselves, by address, and the number of whom they name.
    declared: HashMap<String, usize>,
}

/// Which of a library's distinct readers somebody is among. Two viewers with the same answer see the same library.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Admitted(Vec<u64>);

impl Audiences {
    /// What these guides say. Drafts count: a folder is not opened by its index being one.
    pub(super) fn of(guides: &[Arc<Parsed>]) -> Self {
        let mut numbers = HashMap::from([(Readers::PUBLIC, 0)]);
        let mut distinct = vec![Readers::PUBLIC];
        let mut declared = HashMap::new();
        for parsed in guides {
            let readers = match &parsed.declared {
                Declared::Inherited => continue,
                Declared::Readers(readers) => readers.clone(),
                Declared::Unknown => NOBODY,
            };
            let number = *numbers.entry(readers).or_insert_with_key(|readers| {
                distinct.push(readers.clone());
                distinct.len() - 1
            });
            declared.insert(parsed.guide.path.as_str().to_owned(), number);
        }
        Self { distinct, declared }
    }

    /// The number of those who may read what is at `address`, decoded: a guide's, or a file's in its folder.
    pub(super) fn at(&self, address: &str) -> usize {
        if self.all_public() {
            return 0;
        }
        let mut end = address.len();
        while let Some(slash) = address.get(..end).and_then(|above| above.rfind('/')) {
            if let Some(number) = self.declared.get(address.get(..=slash).unwrap_or_default()) {
                return *number;
            }
            end = slash;
        }
        0
    }

    /// Whether nothing is kept from anybody.
    pub(super) fn all_public(&self) -> bool {
        self.distinct.len() == 1
    }

    /// Which readers `admits` takes; everyone is always admitted to what is public.
    pub(super) fn admitted(&self, admits: impl Fn(&Readers) -> bool) -> Admitted {
        let mut bits = vec![0_u64; self.distinct.len().div_ceil(64)];
        for (number, readers) in self.distinct.iter().enumerate() {
            if let Some(word) = bits.get_mut(number / 64)
                && (number == 0 || admits(readers))
            {
                *word |= 1 << (number % 64);
            }
        }
        Admitted(bits)
    }

    /// Gives every guide the readers that its address has.
    pub(super) fn settle(&self, guides: &mut [Arc<Parsed>]) {
        for parsed in guides {
            if let Some(readers) = self.distinct.get(self.at(parsed.guide.path.as_str()))
                && parsed.guide.readers != *readers
            {
                let mut changed = (**parsed).clone();
                changed.guide.readers = readers.clone();
                *parsed = Arc::new(changed);
            }
        }
    }
}

impl Admitted {
    /// Whether those with this number are admitted.
    pub(super) fn holds(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// Whether nobody but everyone is admitted: what an anonymous viewer sees.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0.first() == Some(&1) && self.0.iter().skip(1).all(|word| *word == 0)
    }
}

#[cfg(test)]
mod tests;
