//! What a setting's value means: asked for as text, number, size, list and so on; a refusal says the fix.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use super::mistake::Place;
use super::source::{Given, Raw};
use super::value::{InvalidValue, parse_duration, parse_size};
use super::{Secret, Storage, Theme};

/// The largest secret file that is read, in bytes.
const LARGEST_SECRET: u64 = 64 << 10;

/// Why a value was refused, and the fix.
pub(super) type Refusal = String;

impl Given {
    /// Text that is not empty.
    pub(super) fn text(&self) -> Result<&str, Refusal> {
        match &self.value {
            Raw::Text(text) if text.trim().is_empty() => {
                Err(format!("`{}` is empty; give it a value or leave it out", self.known.name))
            }
            Raw::Text(text) => Ok(text.trim()),
            other => Err(self.wrong_kind(other, "text in quotes")),
        }
    }

    /// Text that may be empty, where that says something too.
    pub(super) fn text_or_nothing(&self) -> Result<&str, Refusal> {
        match &self.value {
            Raw::Text(text) => Ok(text.trim()),
            other => Err(self.wrong_kind(other, "text in quotes")),
        }
    }

    /// Text that `parse` reads.
    pub(super) fn read<T>(&self, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Result<T, Refusal> {
        parse(self.text()?).map_err(|error| self.named(error))
    }

    /// A whole number, at least 1.
    pub(super) fn number(&self) -> Result<usize, Refusal> {
        self.read(|text| {
            let number = text.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| InvalidValue::new(text, "a count", "a whole number of at least 1"))
        })
    }

    /// A size in bytes.
    pub(super) fn size<T: TryFrom<u64>>(&self) -> Result<T, Refusal> {
        let bytes = self.read(parse_size)?;
        T::try_from(bytes).map_err(|_| {
            format!("`{}`: {bytes} bytes are more than this machine can address; lower it", self.known.name)
        })
    }

    /// A length of time.
    pub(super) fn duration(&self) -> Result<Duration, Refusal> {
        self.read(parse_duration)
    }

    /// A length of time in whole days.
    pub(super) fn days(&self) -> Result<Duration, Refusal> {
        self.read(|text| {
            let days = text.parse::<u16>().ok().filter(|days| *days > 0);
            let days = days
                .ok_or_else(|| InvalidValue::new(text, "a number of days", "a whole number such as `90`"));
            days.map(|days| Duration::from_hours(24 * u64::from(days)))
        })
    }

    /// `true` or `false`.
    pub(super) fn switch(&self) -> Result<bool, Refusal> {
        match &self.value {
            Raw::Boolean(value) => Ok(*value),
            Raw::Text(text) if text == "true" => Ok(true),
            Raw::Text(text) if text == "false" => Ok(false),
            other => Err(self.wrong_kind(other, "`true` or `false`")),
        }
    }

    /// A list of what `parse` reads; a variable separates the items by commas.
    pub(super) fn list<T, E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Refusal> {
        let texts: Vec<&str> = match &self.value {
            Raw::List(texts) => texts.iter().map(String::as_str).collect(),
            Raw::Text(text) if matches!(self.place, Place::Variable(_)) => text.split(',').collect(),
            other => return Err(self.wrong_kind(other, "a list of texts, such as `[\"one\", \"two\"]`")),
        };
        let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty());
        texts.map(|text| parse(text).map_err(|error| self.named(error))).collect()
    }

    /// A path, relative to the file that names it.
    pub(super) fn path(&self) -> Result<PathBuf, Refusal> {
        Ok(self.base.join(self.text()?))
    }

    /// The name of a built-in theme, or a folder relative to the file it is written in.
    pub(super) fn theme(&self) -> Result<Theme, Refusal> {
        Ok(Theme::parse(self.text()?, &self.base))
    }

    /// A place to store things.
    pub(super) fn storage(&self) -> Result<Storage, Refusal> {
        Ok(match self.read(str::parse)? {
            Storage::Folder(path) => Storage::Folder(self.base.join(path)),
            s3 @ Storage::S3 { .. } => s3,
        })
    }

    /// A secret of the environment; in a file it is refused.
    pub(super) fn secret(&self) -> Result<Secret, Refusal> {
        if let Place::File { .. } = self.place {
            let (name, variable) = (self.known.name, super::keys::variable_of(self.known, self.table));
            return Err(format!(
                "`{name}` is a secret and does not belong in this file; write it to a file of its own and name that \
                 with `{name}_file`, or set {variable}; then replace the secret, for it was exposed here"
            ));
        }
        self.text().map(|text| Secret::new(text.to_owned()))
    }

    /// The secret in the file that this names.
    pub(super) fn secret_file(&self) -> Result<Secret, Refusal> {
        let path = self.path()?;
        let unreadable = |why: String| {
            format!(
                "`{}`: `{}` cannot be read: {why}; create it, readable to the server alone",
                self.known.name,
                path.display()
            )
        };
        let found = std::fs::metadata(&path).map_err(|error| unreadable(error.to_string()))?;
        if found.len() > LARGEST_SECRET {
            return Err(unreadable("it is larger than 64 KiB".to_owned()));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        if text.trim().is_empty() {
            return Err(format!(
                "`{}`: `{}` is empty; write the secret into it",
                self.known.name,
                path.display()
            ));
        }
        Ok(Secret::new(text.trim().to_owned()))
    }

    fn named(&self, error: impl Display) -> Refusal {
        format!("`{}`: {error}", self.known.name)
    }

    fn wrong_kind(&self, value: &Raw, wanted: &str) -> Refusal {
        let found = match value {
            Raw::Text(_) if self.known.secret => "text".to_owned(),
            Raw::Text(text) => format!("`{}`", text.escape_debug()),
            Raw::Boolean(value) => format!("`{value}`"),
            Raw::List(_) => "a list".to_owned(),
            Raw::Other(kind) => format!("a {kind}"),
        };
        format!("`{}` is {found}; write {wanted}", self.known.name)
    }
}
