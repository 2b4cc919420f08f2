//! Which sought words each word of a part speaks for, looked up in one step.

use std::cell::RefCell;

use super::circle::{Scope, Seen};
use super::evidence::Sought;

/// What one word of the dictionary speaks for: bits by place among the sought words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    pub(super) sought: u64,
    /// Those for which it is as it was typed.
    pub(super) typed: u64,
    /// Those for which it is what they become most often.
    pub(super) likeliest: u64,
    /// Those for which it only shares a stem.
    pub(super) inflected: u64,
}

/// The slots of every part.
pub(super) struct Slots {
    parts: Vec<PartSlots>,
}

struct PartSlots {
    /// For each word of the dictionary, one more than its place in `slots`; 0 for most.
    table: Vec<u16>,
    slots: Vec<Slot>,
    words: Vec<u32>,
}

// Tables of zeros, kept by each thread from one question to the next.
thread_local!(static TABLES: RefCell<Vec<Vec<u16>>> = const { RefCell::new(Vec::new()) });

impl Slots {
    pub(super) fn new(scope: &Scope, sought: &[Sought]) -> Self {
        Self {
            parts: scope
                .parts()
                .iter()
                .enumerate()
                .map(|(at, part)| PartSlots::new(part, at, sought))
                .collect(),
        }
    }

    /// What `word` of `part` speaks for.
    #[inline]
    pub(super) fn of(&self, part: usize, word: u32) -> Option<Slot> {
        let part = &self.parts[part];
        match part.table[word as usize] {
            0 => None,
            place => Some(part.slots[usize::from(place) - 1]),
        }
    }
}

impl PartSlots {
    fn new(part: &Seen, at: usize, sought: &[Sought]) -> Self {
        let mut table = TABLES.with_borrow_mut(Vec::pop).unwrap_or_default();
        let words = part.segment.dictionary.len();
        if table.len() < words {
            table.resize(words, 0);
        }
        let mut part = Self { table, slots: Vec::new(), words: Vec::new() };
        for (bit, word) in sought.iter().enumerate().take(64) {
            let forms = &word.forms[at];
            for form in forms.exact.iter().chain(&forms.loose) {
                let place = &mut part.table[form.word as usize];
                if *place == 0 {
                    let Ok(next) = u16::try_from(part.slots.len() + 1) else { continue };
                    *place = next;
                    part.slots.push(Slot::default());
                    part.words.push(form.word);
                }
                let slot = &mut part.slots[usize::from(*place) - 1];
                slot.sought |= 1 << bit;
                slot.typed |= u64::from(form.typed) << bit;
                slot.likeliest |= u64::from(form.likeliest) << bit;
                slot.inflected |= u64::from(form.inflected) << bit;
            }
        }
        part
    }
}

impl Drop for PartSlots {
    fn drop(&mut self) {
        let mut table = std::mem::take(&mut self.table);
        self.words.iter().for_each(|word| table[*word as usize] = 0);
        TABLES.with_borrow_mut(|tables| tables.push(table));
    }
}
