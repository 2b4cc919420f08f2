//! Links and images, with the attributes that authors give them.

use std::borrow::Cow;
use std::fmt::Write as _;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::{Writer, escape};
use crate::guides::adorn::attribute_words;
use crate::guides::events::plain;
use crate::guides::links::Picture;

impl Writer<'_> {
    pub(super) fn link(&mut self, kind: LinkType, dest: &str, title: &str) {
        let href = match kind {
            LinkType::Email => Cow::Owned(format!("mailto:{dest}")),
            _ => Cow::Borrowed(self.targets.link(dest)),
        };
        let _ = write!(self.out, "<a href=\"{}\"", escape(&href));
        if !title.is_empty() {
            let _ = write!(self.out, " title=\"{}\"", escape(title));
        }
        let attributes = self.attributes.take();
        self.out.push_str(&attributes.map(|written| Given::parse(&written).of_link()).unwrap_or_default());
        self.out.push('>');
    }

    pub(super) fn image(&mut self, dest: &str, title: &str, at: usize) -> usize {
        let rest = self.events.get(at + 1..).unwrap_or_default();
        let mut depth = 1_usize;
        let length = rest.iter().position(|(event, _)| {
            match event {
                Event::Start(Tag::Image { .. }) => depth += 1,
                Event::End(TagEnd::Image) => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let length = length.unwrap_or(rest.len());
        let alt = plain(rest.get(..length).unwrap_or_default());
        let attributes = self.attributes.take();
        let given = attributes.map(|written| Given::parse(&written).of_image()).unwrap_or_default();
        self.picture(dest, &alt, title, &given);
        length + 2
    }

    /// An image, or a sentence in its place when it is not there.
    pub(super) fn picture(&mut self, dest: &str, alt: &str, title: &str, further: &str) {
        let alt = if alt.is_empty() { title } else { alt };
        match self.targets.image(dest) {
            Picture::Missing => {
                let said = if alt.is_empty() { String::new() } else { format!(": {}", escape(alt)) };
                let name = dest.rsplit('/').next().unwrap_or(dest);
                let _ = write!(
                    self.out,
                    "<span class=\"missing-image\">Missing image <code>{}</code>{said}</span>",
                    escape(name)
                );
            }
            Picture::Found { src, size } => {
                let _ = write!(self.out, "<img src=\"{}\" alt=\"{}\"", escape(&src), escape(alt));
                if let Some((width, height)) = size.filter(|_| !further.contains(" width=")) {
                    let _ = write!(self.out, " width=\"{width}\" height=\"{height}\"");
                }
                if !title.is_empty() {
                    let _ = write!(self.out, " title=\"{}\"", escape(title));
                }
                let _ = write!(self.out, "{further} loading=\"lazy\" decoding=\"async\">");
            }
        }
    }

    /// Whether the paragraph at `at` is one image with a title: a figure with a caption.
    pub(super) fn caption(&self, at: usize) -> Option<String> {
        let mut rest = self.events.get(at + 1..)?.iter().map(|(event, _)| event);
        let mut first = rest.next()?;
        if matches!(first, Event::InlineHtml(_)) {
            first = rest.next()?;
        }
        let Event::Start(Tag::Image { title, .. }) = first else { return None };
        let mut rest = rest.skip_while(|event| !matches!(event, Event::End(TagEnd::Image)));
        rest.next();
        let alone = matches!(rest.next(), Some(Event::End(TagEnd::Paragraph)));
        (alone && !title.trim().is_empty()).then(|| title.to_string())
    }
}

/// What an author wrote in `{ … }` after a link or an image, as far as it is let through.
#[derive(Default)]
struct Given {
    id: String,
    classes: Vec<String>,
    size: Vec<(&'static str, String)>,
}

impl Given {
    fn parse(written: &str) -> Self {
        let mut given = Self::default();
        for (name, value) in attribute_words(written) {
            let length = value.strip_suffix("px").unwrap_or(value);
            let number = length.strip_suffix('%').unwrap_or(length);
            let sized = number.len() <= 4 && number.parse::<u16>().is_ok();
            match name {
                "#" | "id" => value.clone_into(&mut given.id),
                "." => given.classes.push(value.to_owned()),
                "class" => given.classes.extend(value.split_whitespace().map(str::to_owned)),
                "width" if sized => given.size.push(("width", length.to_owned())),
                "height" if sized => given.size.push(("height", length.to_owned())),
                "align" if matches!(value, "left" | "right") => given.classes.push(format!("align-{value}")),
                _ => {}
            }
        }
        given
    }

    fn of_link(&self) -> String {
        let mut out = String::new();
        if !self.id.is_empty() {
            let _ = write!(out, " id=\"{}\"", escape(&self.id));
        }
        if !self.classes.is_empty() {
            let _ = write!(out, " class=\"{}\"", escape(&self.classes.join(" ")));
        }
        out
    }

    fn of_image(&self) -> String {
        let mut out = self.of_link();
        for (name, value) in &self.size {
            let _ = write!(out, " {name}=\"{value}\"");
        }
        out
    }
}
