//! What goes around the sanitiser because we made it ourselves from parts that are escaped: coloured code, formulas
//! and diagrams. Sanitising them again would take longer than making them.
//!
//! Each is set aside under a number, and an empty element holds its place. An author can write such an element too:
//! then the same thing stands there, once, where an element may stand. In an attribute or in text the sanitiser writes
//! `<` and `"` as entities, so that nothing there is taken for a place.

use std::fmt::Write as _;

const BEFORE: &str = "<wbr class=\"put-";
const AFTER: &str = "\">";

/// What was set aside, by number.
#[derive(Default)]
pub(super) struct Puts(Vec<String>);

impl Puts {
    /// Sets `html` aside and marks its place at the end of `out`.
    pub(super) fn aside(&mut self, out: &mut String, html: String) {
        let _ = write!(out, "{BEFORE}{}{AFTER}", self.0.len());
        self.0.push(html);
    }

    /// `html` with everything in its place.
    pub(super) fn put(mut self, html: String) -> String {
        if self.0.is_empty() {
            return html;
        }
        let mut out = String::with_capacity(html.len() + self.0.iter().map(String::len).sum::<usize>());
        let mut rest = html.as_str();
        while let Some((before, after)) = rest.split_once(BEFORE) {
            out.push_str(before);
            let (number, after) = after.split_once(AFTER).unwrap_or((after, ""));
            if let Some(html) = number.parse().ok().and_then(|number: usize| self.0.get_mut(number)) {
                out.push_str(&std::mem::take(html));
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back_to_its_place_once() {
        let (mut puts, mut out) = (Puts::default(), String::from("a "));
        puts.aside(&mut out, "<i>1</i>".to_owned());
        out.push_str(" b ");
        puts.aside(&mut out, "<i>2</i>".to_owned());
        let forged = format!("{out} <wbr class=\"put-0\"><wbr class=\"put-9\"><wbr class=\"put-x\">");
        assert_eq!(puts.put(forged), "a <i>1</i> b <i>2</i> ");
    }

    #[test]
    fn no_place_is_found_in_text_or_in_attributes() {
        let (mut puts, mut out) = (Puts::default(), String::new());
        puts.aside(&mut out, "<i>1</i>".to_owned());
        for text in ["<img src=\"x\" alt='<wbr class=\"put-0\">'>", "&lt;wbr class=\"put-0\"&gt;"] {
            let shown = super::super::clean(&format!("{text}{out}"));
            let (put, mut again) = (Puts(vec!["<i>1</i>".to_owned()]), shown.clone());
            again.truncate(shown.len() - out.len());
            assert_eq!(put.put(again.clone()), again);
        }
    }
}
