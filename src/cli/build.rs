//! `loggia build`: the public guides as a site of plain files.
//!
//! 1. A server is started for a moment, on loopback and for nobody else, and asked as a stranger would ask it: what
//!    is written is exactly what the public sees.
//! 2. Every answer is kept as a file in a folder beside the one that is wanted ([`folder`]).
//! 3. When all of them are there, their links are made relative ([`rewrite`]), so that the site can lie anywhere,
//!    and a small index is written for searching without a server ([`search`]).
//! 4. The finished folder takes the place of the one before, whole.

mod folder;
mod rewrite;
mod search;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rayon::prelude::*;
use reqwest::{Client, StatusCode};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Outcome;
use super::output::{print, say};
use crate::config::{self, Config, ContentSource, Flags, Secret, Storage};
use crate::guides::Library;
use crate::model::{Clock, Entropy, Readers, encode_path};
use crate::serve::{self, Listeners};
use crate::web::Loggia;
use folder::Folder;
use rewrite::Site;

/// How many pages are asked for at a time.
const AT_A_TIME: usize = 8;
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 1 << 30;

/// Write the public guides as a static site, search included
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia build --out site\n  \
                        loggia build --out site --content ./guidance --base-url https://org.example/guidance/\n\n\
                        Any server of files can serve the folder, below any path. Guides that not everyone may read\n\
                        are left out. Without --base-url there is no sitemap, and no page states its own address.")]
pub(super) struct Args {
    /// The folder to write; one that is not empty must be from an earlier build
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder of guides
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Where the site will be, for the sitemap and the addresses that pages state
    #[arg(long, value_name = "URL", value_parser = base_url)]
    base_url: Option<Url>,
    /// A folder with templates and assets that replace the built-in ones
    #[arg(long, value_name = "DIR")]
    theme: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(build(args))
}

async fn build(args: &Args) -> Result<Outcome> {
    let folder = Folder::begin(&args.out)?;
    let home = tempfile::tempdir()?;
    let mut config = configuration(args, home.path())?;
    let listeners = Listeners::bind(&mut config)?;
    let loggia = serve::open(config, Clock::system(), Entropy::system()).await?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve::serve_on(listeners, Arc::clone(&loggia), stop.clone()));
    let made = make(args, &loggia, &folder).await;
    stop.cancel();
    serving.await.context("the server was cut short")??;
    let Made { pages, unlinked } = made?;
    folder.finish()?;
    if unlinked > 0 {
        let links = if unlinked == 1 { "1 link leads".to_owned() } else { format!("{unlinked} links lead") };
        say(format!(
            "{links} to nothing that is in the site, and became plain text; `loggia check` lists broken ones."
        ));
    }
    print(format!("{pages} guides are in {}", args.out.display()))?;
    Ok(Outcome::Done)
}

/// What was made.
struct Made {
    pages: usize,
    unlinked: usize,
}

async fn make(args: &Args, loggia: &Loggia, folder: &Folder) -> Result<Made> {
    let edition = loggia.edition.load_full();
    let library = &edition.library;
    let visitor = Visitor::new(loggia.hosts.main_origin())?;
    let mut wanted: Vec<String> = public(library).map(|page| page.guide().path.as_str().to_owned()).collect();
    let pages = visitor.keep_all(folder, &wanted).await?;
    let known: HashSet<&str> = pages.iter().map(String::as_str).collect();
    wanted = library.file_addresses().map(ToOwned::to_owned).collect();
    wanted.extend(pages.iter().map(|page| source_of(page)));
    wanted.extend(["/robots.txt", "/llms.txt", "/llms-full.txt"].map(ToOwned::to_owned));
    if args.base_url.is_some() {
        wanted.extend(["/sitemap.xml", "/feed.xml"].map(ToOwned::to_owned));
    }
    let beside = visitor.keep_all(folder, &wanted).await?;
    let assets: Vec<String> = loggia.theme.assets().map(|(file, _)| format!("/-/assets/{file}")).collect();
    let assets = visitor.keep_all(folder, &assets).await?;
    visitor.keep_error_page(folder).await?;
    let search_page = visitor.get("/-/search").await?.context("there is no search page")?;
    folder.write("/-/search/", &search_page)?;

    let redirects: Vec<(String, String)> = library
        .redirects()
        .filter(|(from, to)| folder.is_free(from) && leads(to, &known))
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect();
    let mut written: HashSet<String> = pages.iter().chain(&beside).chain(&assets).cloned().collect();
    written.extend(redirects.iter().map(|(from, _)| from.clone()));
    written.insert("/-/search/".to_owned());
    let site = Site { origin: &visitor.origin, base: args.base_url.as_ref(), written: &written };
    let rewrite = |page: &str| -> Result<usize> {
        let (html, lost) = site.page(page, &folder.read(page)?);
        folder.write(page, html.as_bytes())?;
        Ok(lost)
    };
    let unlinked = pages.par_iter().map(|page| rewrite(page)).sum::<Result<usize>>()?;
    for page in ["/-/search/", "/404.html"] {
        rewrite(page)?;
    }
    for text in ["/robots.txt", "/sitemap.xml", "/feed.xml", "/llms.txt", "/llms-full.txt"] {
        if written.contains(text) {
            folder.write(text, site.text(&folder.read(text)?).as_bytes())?;
        }
    }
    search::write(
        folder,
        &site,
        public(library).map(|page| page.guide()).filter(|guide| known.contains(guide.path.as_str())),
    )?;
    write_redirects(folder, &site, &redirects)?;
    Ok(Made { pages: pages.len(), unlinked })
}

/// A page that leads on, for hosts that know nothing of redirects, and a list for those that do.
fn write_redirects(folder: &Folder, site: &Site<'_>, redirects: &[(String, String)]) -> Result<()> {
    let mut list = String::new();
    let base = site.base_path();
    for (from, to) in redirects {
        folder.write(from, rewrite::leads_on(&site.address(from, to)).as_bytes())?;
        let to = if to.starts_with('/') { format!("{base}{to}") } else { to.clone() };
        let _ = writeln!(list, "{base}{} {to} 301", encode_path(from));
    }
    if !list.is_empty() {
        folder.write("/_redirects", list.as_bytes())?;
    }
    // GitHub Pages leaves out folders it does not like unless it is told to take the site as it is.
    folder.write("/.nojekyll", b"")
}

/// A redirect is kept when it leads out of the site, or to a page that is in it.
fn leads(to: &str, pages: &HashSet<&str>) -> bool {
    let path = to.split(['#', '?']).next().unwrap_or_default();
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    !to.starts_with('/') || pages.contains(&*decoded)
}

fn public(library: &Library) -> impl Iterator<Item = &Arc<crate::guides::Page>> {
    library.pages().filter(|page| page.guide().readers == Readers::PUBLIC)
}

/// The address of a guide's Markdown.
fn source_of(page: &str) -> String {
    match page.trim_end_matches('/') {
        "" => "/index.md".to_owned(),
        stem => format!("{stem}.md"),
    }
}

/// What `loggia.toml` and the variables say, save for where it listens and what it stores: that is for the moment.
fn configuration(args: &Args, home: &Path) -> Result<Config> {
    let any = Some("127.0.0.1:0".parse()?);
    let flags = Flags {
        listen: any,
        ops_listen: any,
        content: args.content.clone(),
        storage: Some(Storage::Folder(home.to_owned())),
        theme: args.theme.as_deref().map(|theme| config::Theme::parse(theme, Path::new(""))),
    };
    let mut config = Config::load(None, config::variables(), &flags)?;
    let alone = Config::load(Some(&empty_file(home)?), std::iter::empty(), &flags)?;
    config.server = config::Server { theme: config.server.theme, ..alone.server };
    config.content_source = ContentSource::Folder;
    config.logs.requests = false;
    // Nobody signs in here, and readers see nothing of development mode.
    config.development = false;
    config.sign_in = alone.sign_in;
    config.sign_in.session_keys = vec![Secret::new(Entropy::system().secret())];
    config.sign_in.providers = vec![config::Provider::openid("http://127.0.0.1:9/", "nobody", None)];
    config.mail = None;
    Ok(config)
}

fn empty_file(home: &Path) -> Result<PathBuf> {
    let file = home.join("none.toml");
    std::fs::write(&file, "")?;
    Ok(file)
}

fn base_url(given: &str) -> Result<Url, String> {
    let url = Url::parse(given).map_err(|error| error.to_string())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if plain { Ok(url) } else { Err("write it like https://example.org/guides/".to_owned()) }
}

/// A stranger with a browser of their own.
struct Visitor {
    client: Client,
    /// The server's origin, without a slash at its end.
    origin: String,
}

impl Visitor {
    fn new(origin: String) -> Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        Ok(Self { client, origin })
    }

    /// Keeps those of `addresses` (decoded) that a stranger may see, in order.
    async fn keep_all(&self, folder: &Folder, addresses: &[String]) -> Result<Vec<String>> {
        let keep = addresses.iter().map(|address| self.keep(folder, address));
        let keep: Vec<_> = keep.collect();
        let kept: Vec<Option<String>> = stream::iter(keep).buffered(AT_A_TIME).try_collect().await?;
        Ok(kept.into_iter().flatten().collect())
    }

    async fn keep(&self, folder: &Folder, address: &str) -> Result<Option<String>> {
        let Some(bytes) = self.get(&encode_path(address)).await? else { return Ok(None) };
        folder.write(address, &bytes)?;
        Ok(Some(address.to_owned()))
    }

    async fn keep_error_page(&self, folder: &Folder) -> Result<()> {
        let answer = self.client.get(format!("{}/-/none", self.origin)).send().await?;
        folder.write("/404.html", &answer.bytes().await?)
    }

    /// What is at `path`; `None` where there is nothing for strangers.
    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let mut answer = self.client.get(format!("{}{path}", self.origin)).send().await?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() => {
                bail!("{path} cannot be made: the server answered {status}")
            }
            _ => return Ok(None),
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            if bytes.len() + piece.len() > LARGEST {
                bail!("{path} is larger than 1 GiB; leave it out of the content folder");
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }
}
