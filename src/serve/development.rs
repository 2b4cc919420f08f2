//! Development mode: keys that make themselves, a token for the commands, and an app to open on the first day.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::stream;

use crate::access::token::{self, Wanted};
use crate::config::{Config, DEVELOPMENT_DIR, development_key};
use crate::model::{Ability, Audience, Digest, Entropy, FilePath, Person, TokenScope};
use crate::releases::{Announced, By, Releases};
use crate::storage::Key;
use crate::web::Loggia;

/// The publisher that the token is for.
const PUBLISHER: &str = "dev@localhost";
/// How long the token lasts; the next start makes another.
const DAYS: u16 = 30;

/// The files of `examples/hello`, which an empty store begins with.
const EXAMPLE: [(&str, &[u8]); 4] = [
    ("index.html", include_bytes!("../../examples/hello/index.html")),
    ("style.css", include_bytes!("../../examples/hello/style.css")),
    ("chart.js", include_bytes!("../../examples/hello/chart.js")),
    ("sailings.json", include_bytes!("../../examples/hello/sailings.json")),
];

/// Fills in what development mode does not ask for.
pub(super) fn complete(config: &mut Config, entropy: &Entropy) -> Result<()> {
    if config.sign_in.session_keys.is_empty() {
        let key = development_key(Path::new(DEVELOPMENT_DIR), entropy).with_context(|| {
            format!("the session key cannot be kept in {DEVELOPMENT_DIR}/; make it writable")
        })?;
        config.sign_in.session_keys.push(key);
    }
    config.server.cache.get_or_insert_with(|| Path::new(DEVELOPMENT_DIR).join("cache"));
    Ok(())
}

/// Leaves a token where the commands find it, and publishes the example into an empty store.
pub(super) async fn prepare(loggia: &Loggia) -> Result<()> {
    let Some(provider) = &loggia.provider else { return Ok(()) };
    let person = provider.person(&PUBLISHER.parse()?);
    let owner = Key::owner(&person.subject);
    let now = loggia.clock.now();
    // Yesterday's token goes when today's comes.
    for old in
        loggia.releases.tokens_of(&owner).await?.into_iter().filter(|token| token.label == "development")
    {
        loggia.releases.delete_token(&owner, old.id).await?;
    }
    let wanted =
        Wanted { label: "development", may: Ability::All, scope: TokenScope::All, days: DAYS, since: now };
    let (text, record) = token::mint(&person, &owner, wanted, now, &loggia.entropy)?;
    loggia.releases.put_token(&record).await?;
    let dir = Path::new(DEVELOPMENT_DIR);
    keep(&dir.join("dev-token"), text.reveal())?;
    keep(&dir.join("dev-server"), &loggia.hosts.main_origin())?;
    if loggia.releases.catalog().apps().next().is_none() {
        publish_example(&loggia.releases, person).await?;
    }
    Ok(())
}

/// Writes a small file that only its owner may read.
fn keep(path: &Path, text: &str) -> Result<()> {
    let written = || -> std::io::Result<()> {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    };
    written().with_context(|| format!("{} cannot be written; make its folder writable", path.display()))
}

async fn publish_example(releases: &Releases, person: Person) -> Result<()> {
    let by = By { person, from: None };
    let name = "hello".parse()?;
    releases.create_app(&name, "Hello from Loggia", &by).await?;
    let mut files = BTreeMap::new();
    for (path, bytes) in EXAMPLE {
        let announced = Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 };
        files.insert(path.parse::<FilePath>()?, announced);
    }
    let message = Some("The example that comes with Loggia".to_owned());
    let begun = releases.begin(&name, &files, message, None, &by).await?;
    for (_, bytes) in EXAMPLE {
        let whole = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(bytes))]);
        releases.put_blob(&name, begun.id, Digest::of(bytes), whole).await?;
    }
    releases.finish(&name, begun.id, true, &by).await?;
    releases.set_audience(&name, Audience::SignedIn, &by).await?;
    Ok(())
}
