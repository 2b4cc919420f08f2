//! What people read who are told by mail: plain text, in the language of the guides.

use jiff::Timestamp;

use super::super::host::Hosts;
use crate::access::ReturnPath;
use crate::guides::Library;
use crate::model::{App, EmailAddress, Grant, Person, Role};
use crate::releases::Request;
use crate::theme::Theme;

/// The longest that a name or a title may be in a letter, in characters.
const LONGEST: usize = 120;
/// How long a line is, in characters.
const WIDTH: usize = 72;

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Its subject, in one line.
    pub(super) subject: String,
    /// Its text.
    pub(super) text: String,
}

/// Writes letters in the words of a theme, from the site that the guides name.
pub(super) struct Pen<'p> {
    pub(super) theme: &'p Theme,
    pub(super) library: &'p Library,
    pub(super) hosts: &'p Hosts,
}

impl Pen<'_> {
    /// To `to`: an app was shared with them.
    pub(super) fn shared(&self, app: &App, to: &EmailAddress, grant: &Grant, by: &Person) -> Letter {
        let (by, title) = (named(by), one_line(&app.title));
        let given = [("by", by.as_str()), ("title", title.as_str())];
        let publishes = grant.role == Role::Publisher;
        self.letter(
            self.say("mail_shared_subject", &given),
            [
                Some(self.paragraph("mail_shared", &given)),
                Some(self.link("mail_open", &self.hosts.app_url(&app.name))),
                publishes.then(|| self.paragraph("mail_shared_publisher", &given)),
                self.until(grant.until),
                Some(self.paragraph("mail_sign_in", &[("to", to.as_str())])),
                Some(self.link("mail_home", &format!("{}/-/apps/", self.hosts.main_origin()))),
                Some(self.paragraph("mail_shared_why", &given)),
            ],
        )
    }

    /// To a publisher: somebody asks to be let in.
    pub(super) fn asked(&self, app: &App, request: &Request) -> Letter {
        let (who, title) = (named(&request.person), one_line(&app.title));
        let given = [("who", who.as_str()), ("title", title.as_str())];
        let reason = match request.reason.trim() {
            "" => self.paragraph("mail_asked_none", &given),
            reason => format!("{}\n{}", self.say("mail_asked_reason", &given), quoted(reason)),
        };
        let decide = format!("{}/-/apps/{}/#requests-title", self.hosts.main_origin(), app.name);
        self.letter(
            self.say("mail_asked_subject", &given),
            [
                Some(self.paragraph("mail_asked", &given)),
                Some(reason),
                Some(self.link("mail_decide", &decide)),
                Some(self.paragraph("mail_asked_why", &given)),
            ],
        )
    }

    /// To whoever asked: they are let in, and the link leads to where they wanted to go.
    pub(super) fn approved(
        &self,
        app: &App,
        request: &Request,
        until: Option<Timestamp>,
        words: &str,
        by: &Person,
    ) -> Letter {
        let (by, title) = (named(by), one_line(&app.title));
        let given = [("by", by.as_str()), ("title", title.as_str())];
        let wanted = ReturnPath::or_root(&request.wanted);
        let url = format!("{}{wanted}", self.hosts.app_url(&app.name).trim_end_matches('/'));
        self.letter(
            self.say("mail_approved_subject", &given),
            [
                Some(self.paragraph("mail_approved", &given)),
                self.words(words),
                Some(self.link("mail_wanted", &url)),
                self.until(until),
                Some(self.paragraph("mail_sign_in", &[("to", request.person.email.as_str())])),
                Some(self.paragraph("mail_answer_why", &given)),
            ],
        )
    }

    /// To whoever asked: they are not let in.
    pub(super) fn declined(&self, app: &App, words: &str, by: &Person) -> Letter {
        let (by, title) = (named(by), one_line(&app.title));
        let given = [("by", by.as_str()), ("title", title.as_str())];
        self.letter(
            self.say("mail_declined_subject", &given),
            [
                Some(self.paragraph("mail_declined", &given)),
                self.words(words),
                Some(self.paragraph("mail_answer_why", &given)),
            ],
        )
    }

    /// Paragraphs, those that there are.
    fn letter<const N: usize>(&self, subject: String, paragraphs: [Option<String>; N]) -> Letter {
        let paragraphs: Vec<String> = paragraphs.into_iter().flatten().collect();
        let site = one_line(&self.library.site().title);
        Letter {
            subject,
            text: format!("{}\n\n-- \n{site}\n{}/\n", paragraphs.join("\n\n"), self.hosts.main_origin()),
        }
    }

    /// An address on a line of its own, below what it is.
    fn link(&self, key: &str, url: &str) -> String {
        format!("{}\n{url}", self.say(key, &[]))
    }

    fn until(&self, until: Option<Timestamp>) -> Option<String> {
        let moment = self.theme.moment(self.library.language(), until?);
        Some(self.paragraph("mail_until", &[("moment", &moment)]))
    }

    fn words(&self, words: &str) -> Option<String> {
        let words = words.trim();
        (!words.is_empty()).then(|| format!("{}\n{}", self.say("mail_words", &[]), quoted(words)))
    }

    fn say(&self, key: &str, given: &[(&str, &str)]) -> String {
        let site = one_line(&self.library.site().title);
        let given: Vec<(&str, &str)> = given.iter().copied().chain([("site", site.as_str())]).collect();
        self.theme.say(self.library.language(), key, &given).unwrap_or_default()
    }

    /// The same as a paragraph.
    fn paragraph(&self, key: &str, given: &[(&str, &str)]) -> String {
        wrapped(&self.say(key, given))
    }
}

/// Somebody by name and address, or by the address alone.
fn named(person: &Person) -> String {
    let name = person.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    match name {
        Some(name) => format!("{name} ({})", person.email),
        None => person.email.to_string(),
    }
}

/// What others wrote, in one line without anything that a mail program could act on, and not too long.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
    let plain = plain.trim();
    match plain.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", plain[..end].trim_end()),
        None => plain.to_owned(),
    }
}

/// Whether a character stands for itself: it neither controls a terminal nor turns the direction of what is around it
/// (Unicode, UAX 9, section 2).
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

/// Somebody's own words, with a mark before each line so that nobody takes them for ours.
fn quoted(words: &str) -> String {
    let plain: String = words.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
    let lines: Vec<String> = wrapped(&plain).lines().map(|line| format!("> {line}")).collect();
    lines.join("\n")
}

/// Words in lines that every mail program shows whole; what has no spaces, such as an address, stays whole too.
fn wrapped(words: &str) -> String {
    let (mut text, mut length) = (String::new(), 0);
    for word in words.split_whitespace() {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > WIDTH {
            text.push('\n');
            length = 0;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += more;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_one_plain_line() {
        assert_eq!(one_line("Sales\r\nBcc: eve@evil.org\u{202e}\u{1b}[2J"), "Sales  Bcc: eve@evil.org  [2J");
        let long = one_line(&"é".repeat(300));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn words_of_others_are_marked_on_every_line() {
        let words = quoted(&format!("Ann sent me.\r\n\r\nOpen it:\nhttp://evil.org {}", "word ".repeat(40)));
        assert!(
            words.lines().all(|line| line.starts_with("> ") && line.chars().count() <= WIDTH + 2),
            "{words}"
        );
        assert!(words.starts_with("> Ann sent me. Open it: http://evil.org word"), "{words}");
        assert_eq!(quoted("one"), "> one");
    }
}
