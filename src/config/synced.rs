//! Folders in buckets that others fill, and that apps may be filled from: `[[storage.synced]]`.

use std::time::Duration;

use url::Url;

use super::Storage;
use super::value::{InvalidValue, parse_site};
use crate::model::{AppName, FilePath, Person, Who};

/// The longest name.
const LONGEST_NAME: usize = 40;
/// How long a folder is left alone before it counts as settled, when nothing else is set.
const SETTLE: Duration = Duration::from_mins(2);
/// How often a folder is looked at, when nothing else is set.
const EVERY: Duration = Duration::from_secs(30);

/// A prefix of a bucket with a folder for each app that is filled from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncedFolders {
    /// What publishers and their apps' records call it: letters, digits, `-` and `_`.
    pub name: String,
    /// The bucket's name.
    pub bucket: String,
    /// What its keys start with: empty, or ending with a slash.
    pub prefix: String,
    /// The region it is in; `None` is what the environment says.
    pub region: Option<String>,
    /// The endpoint it is at; `None` is what the environment says.
    pub endpoint: Option<Url>,
    /// The file, at the top of an app's folder, whose change says that the folder is ready; `None` waits for
    /// [`SyncedFolders::settle`].
    pub marker: Option<FilePath>,
    /// A folder in which nothing changed for so long is ready.
    pub settle: Duration,
    /// How often a folder is looked at.
    pub every: Duration,
    /// Who may show its folders: any of them, in an app of the folder's name.
    pub publishers: Vec<Who>,
}

impl SyncedFolders {
    /// Whether `person` may fill an app from it.
    #[must_use]
    pub fn may_use(&self, person: &Person) -> bool {
        self.publishers.iter().any(|who| who.names(person))
    }

    /// The folder that `app` is filled from, as people write it: `s3://bucket/prefix/NAME/`.
    #[must_use]
    pub fn folder_of(&self, app: &AppName) -> String {
        format!("s3://{}/{}{app}/", self.bucket, self.prefix)
    }
}

/// A table of `[[storage.synced]]` in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct SyncedDraft {
    pub name: Option<String>,
    /// Bucket and prefix.
    pub bucket: Option<(String, String)>,
    pub region: Option<String>,
    pub endpoint: Option<Url>,
    pub marker: Option<FilePath>,
    pub settle: Option<Duration>,
    pub every: Option<Duration>,
    pub publishers: Vec<Who>,
}

impl SyncedDraft {
    /// The folders, when they are whole.
    pub(super) fn finish(self) -> Option<SyncedFolders> {
        let (bucket, prefix) = self.bucket?;
        Some(SyncedFolders {
            name: self.name?,
            bucket,
            prefix,
            region: self.region,
            endpoint: self.endpoint,
            marker: self.marker,
            settle: self.settle.unwrap_or(SETTLE),
            every: self.every.unwrap_or(EVERY),
            publishers: self.publishers,
        })
    }
}

/// Reads what publishers choose folders by.
pub(super) fn parse_folders_name(given: &str) -> Result<String, InvalidValue> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if given.len() <= LONGEST_NAME && given.bytes().all(plain) {
        return Ok(given.to_owned());
    }
    let fix = "at most 40 letters, digits, `-` and `_`, such as `analysts`";
    Err(InvalidValue::new(given, "a name for synced folders", fix))
}

/// Reads a bucket and a prefix.
pub(super) fn parse_bucket(given: &str) -> Result<(String, String), InvalidValue> {
    match given.parse() {
        Ok(Storage::S3 { bucket, prefix }) => Ok((bucket, prefix)),
        Ok(Storage::Folder(_)) | Err(_) => Err(InvalidValue::new(
            given,
            "a bucket",
            "a bucket and a prefix, such as `s3://bucket/published`",
        )),
    }
}

/// Reads a region.
pub(super) fn parse_region(given: &str) -> Result<String, InvalidValue> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=40).contains(&given.len()) && given.bytes().all(plain) {
        return Ok(given.to_owned());
    }
    Err(InvalidValue::new(given, "a region", "it as AWS does, such as `eu-west-1`"))
}

/// Reads an endpoint: scheme, host and port.
pub(super) fn parse_endpoint(given: &str) -> Result<Url, InvalidValue> {
    parse_site(given)
        .map_err(|_| InvalidValue::new(given, "an endpoint", "its address, such as `https://s3.example.org`"))
}

/// Reads the name of a file at the top of a folder.
pub(super) fn parse_marker(given: &str) -> Result<FilePath, InvalidValue> {
    let path = given.parse::<FilePath>().ok().filter(|path| !path.as_str().contains('/'));
    path.ok_or_else(|| {
        InvalidValue::new(given, "the name of a file", "one without a folder, such as `_PUBLISH`")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::config::{Config, Flags};

    fn load(text: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loggia.toml");
        std::fs::write(&path, text).unwrap();
        let home = format!("{}/", dir.path().display());
        Config::load(Some(&path), std::iter::empty(), &Flags::default())
            .map_err(|error| error.to_string().replace(&home, ""))
    }

    const WHOLE: &str =
        "name = \"analysts\"\nurl = \"s3://incoming/published/\"\npublishers = [\"group:analysts\"]\n";

    #[test]
    fn a_place_has_a_name_a_bucket_and_those_who_may_use_it() {
        let more = "region = \"eu-west-2\"\nendpoint = \"https://s3.example.org\"\nmarker = \"_PUBLISH\"\nevery = \"5s\"\n";
        let config = load(&format!(
            "[storage]\nurl = \"s3://loggia/production\"\n[[storage.synced]]\n{WHOLE}\
             [[storage.synced]]\n{}{more}",
            WHOLE.replace("analysts\"\nurl", "others\"\nurl")
        ))
        .unwrap();
        let [first, second] = config.synced.as_slice() else { panic!("{:?}", config.synced) };
        assert_eq!((first.bucket.as_str(), first.prefix.as_str()), ("incoming", "published/"));
        assert_eq!((first.settle, first.every), (Duration::from_mins(2), Duration::from_secs(30)));
        assert_eq!(first.folder_of(&"tides".parse().unwrap()), "s3://incoming/published/tides/");
        assert_eq!(second.marker.as_ref().unwrap().as_str(), "_PUBLISH");
        assert_eq!((second.region.as_deref(), second.every), (Some("eu-west-2"), Duration::from_secs(5)));
        let variable = ("LOGGIA_STORAGE_SYNCED_1_NAME".to_owned(), "x".to_owned());
        assert!(Config::load(None, [variable].into_iter(), &Flags::default()).is_err(), "it is not whole");
    }

    #[test]
    fn every_mistake_about_synced_folders_says_the_cure() {
        let folders = |lines: &str| load(&format!("[[storage.synced]]\n{lines}\n")).unwrap_err();
        let own = |url: &str| {
            load(&format!("[storage]\nurl = \"s3://incoming/{url}\"\n[[storage.synced]]\n{WHOLE}"))
                .unwrap_err()
        };
        let told = [
            folders("name = \"analysts\""),
            folders(&WHOLE.replace("s3://incoming/published/", "./incoming")),
            folders(&WHOLE.replace("\"analysts\"", "\"the analysts\"")),
            folders(&format!("{WHOLE}marker = \"a/b\"")),
            folders(&format!("{WHOLE}region = \"Ireland\"")),
            folders(&format!("{WHOLE}endpoint = \"s3.example.org\"")),
            folders(&format!("{WHOLE}settle = \"500ms\"")),
            folders(&format!("{WHOLE}settle = \"5m\"\nmarker = \"_PUBLISH\"")),
            folders(&format!("{WHOLE}[[storage.synced]]\n{WHOLE}")),
            own("published/inner"),
            own(""),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
