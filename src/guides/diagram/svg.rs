//! Shapes, written as SVG: classes for the theme, attributes for where there is none, and nothing that acts.

use std::fmt::Write as _;

use super::About;
use super::letters::{LINE, Label};
use crate::guides::html::escape;

/// A drawing no wider than this can be read when it is made to fit the width of a text.
const WIDEST_TO_FIT: f64 = 840.0;

/// A diagram being drawn.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) title: String,
    pub(super) description: String,
    out: String,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64, kind: &str, about: &About, told: String) -> Self {
        let title = about.title.clone().unwrap_or_else(|| kind.to_owned());
        let description = about.description.clone().unwrap_or(told);
        Self { width, height, title, description, out: String::new() }
    }

    pub(super) fn rectangle(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        round: f64,
    ) {
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round:.1}\" \
             fill=\"none\" stroke=\"currentColor\"/>"
        );
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let _ = writeln!(
            self.out,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"none\" stroke=\"currentColor\"/>"
        );
    }

    pub(super) fn polygon(&mut self, class: &str, points: &[(f64, f64)], fill: &str) {
        let mut list = String::new();
        for (x, y) in points {
            let _ = write!(list, "{x:.1},{y:.1} ");
        }
        let _ = writeln!(
            self.out,
            "<polygon class=\"{class}\" points=\"{}\" fill=\"{fill}\" stroke=\"currentColor\"/>",
            list.trim_end()
        );
    }

    /// A line along `path`, the words of SVG's path language.
    pub(super) fn path(&mut self, class: &str, path: &str) {
        let _ = writeln!(
            self.out,
            "<path class=\"{class}\" d=\"{path}\" fill=\"none\" stroke=\"currentColor\"/>"
        );
    }

    /// A label around the middle of (`x`, `y`).
    pub(super) fn label(&mut self, class: &str, label: &Label, (x, y): (f64, f64)) {
        self.text(class, label, (x, y), "middle");
    }

    /// A label that begins at `x`, around the middle of `y`.
    pub(super) fn label_from(&mut self, class: &str, label: &Label, at: (f64, f64)) {
        self.text(class, label, at, "start");
    }

    fn text(&mut self, class: &str, label: &Label, (x, y): (f64, f64), anchor: &str) {
        if label.is_empty() {
            return;
        }
        let first = y - label.height() / 2.0 + LINE * 0.72;
        let _ = write!(
            self.out,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" font-size=\"14\" fill=\"currentColor\">"
        );
        let mut line_y = first;
        for line in &label.0 {
            let _ = write!(self.out, "<tspan x=\"{x:.1}\" y=\"{line_y:.1}\">{}</tspan>", escape(line));
            line_y += LINE;
        }
        self.out.push_str("</text>\n");
    }

    /// Draws what was drawn on `other`, on top.
    pub(super) fn append(&mut self, other: &Self) {
        self.out.push_str(&other.out);
    }

    pub(super) fn finish(self, number: usize) -> String {
        let Self { width, height, title, description, out } = self;
        let (title, description) = (escape(&title), escape(&description));
        let fits = if width <= WIDEST_TO_FIT { " class=\"d-fits\"" } else { "" };
        format!(
            "<div class=\"diagram\" role=\"region\" tabindex=\"0\" aria-label=\"Diagram {number}: {title}\">\
             <svg{fits} xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" aria-labelledby=\"diagram-{number}-title diagram-{number}-desc\">\n\
             <title id=\"diagram-{number}-title\">{title}</title>\n<desc id=\"diagram-{number}-desc\">{description}</desc>\n\
             {out}</svg></div>\n"
        )
    }
}
