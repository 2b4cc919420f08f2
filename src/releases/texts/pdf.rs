//! PDF by page, read in a process of its own.
//!
//! A PDF is a program in disguise, and libraries for it panic, recurse, allocate and loop. So the file is given to
//! another run of this very program ([`child`]), which has no environment, no other file, a bound on its memory
//! and its processor time, and is ended when it takes too long. Whatever becomes of it, the server goes on.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::outline::{Outline, PAGE_BYTES};
use crate::model::AppPage;

/// How long one file may take.
const LONGEST: Duration = Duration::from_secs(10);
/// How much processor time the child may use, in seconds.
const PROCESSOR_SECONDS: u64 = 10;
/// How much memory the child may map, in bytes.
const MEMORY: u64 = 1 << 30;
/// The most that the child may answer, in bytes: JSON, in which a character takes six at the most.
const LONGEST_ANSWER: u64 = 6 * PAGE_BYTES as u64;

/// How to start the child.
#[derive(Clone, Debug)]
pub struct PdfReader {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl PdfReader {
    /// `program` must do with these arguments what [`child`] does.
    #[must_use]
    pub fn new(program: PathBuf, arguments: &[&str]) -> Self {
        Self { program, arguments: arguments.iter().map(OsString::from).collect() }
    }

    /// The sections of a PDF, one a page; `Ok(None)` when it holds no text. The error says what became of it.
    pub(super) async fn read(
        &self,
        file: NamedTempFile,
        path: String,
        name: &str,
    ) -> Result<Option<AppPage>, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        let input = file.reopen().map_err(|error| error.to_string())?;
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("no process could be started: {error}"))?;
        let answer = child.stdout.take();
        let child = Ended(Mutex::new(child));
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            answer.map(|answer| answer.take(LONGEST_ANSWER).read_to_end(&mut bytes)).transpose()?;
            Ok::<_, std::io::Error>(bytes)
        });
        let bytes = match tokio::time::timeout(LONGEST, reading).await {
            Err(_) => return Err(format!("it took longer than {} s to read", LONGEST.as_secs())),
            Ok(Err(error)) => return Err(error.to_string()),
            Ok(Ok(read)) => read.map_err(|error| error.to_string())?,
        };
        drop(child);
        // What the library itself may say stands on lines before.
        let answer = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let pages: Vec<String> =
            serde_json::from_slice(answer).map_err(|_| "it cannot be read as a PDF".to_owned())?;
        let mut outline = Outline::default();
        for (number, page) in (1..).zip(pages).filter(|(_, page)| !page.trim().is_empty()) {
            outline.heading(2, &format!("page={number}"), &format!("Page {number}"));
            page.lines().for_each(|line| {
                outline.text(line);
                outline.line();
            });
        }
        Ok(outline.finish(path, None, name))
    }
}

/// A child that does not outlive its reader.
struct Ended(Mutex<Child>);

impl Drop for Ended {
    fn drop(&mut self) {
        let child = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It has ended already, or is ended here; waiting then takes no time.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What the child does: reads a PDF from standard input and writes the text of its pages, as a JSON array, to
/// standard output.
pub fn child() -> std::io::Result<()> {
    rlimit::setrlimit(rlimit::Resource::AS, MEMORY, MEMORY)?;
    rlimit::setrlimit(rlimit::Resource::CPU, PROCESSOR_SECONDS, PROCESSOR_SECONDS)?;
    rlimit::setrlimit(rlimit::Resource::FSIZE, 0, 0)?;
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(super::extract::LARGEST_FILE).read_to_end(&mut bytes)?;
    let pages = pdf_extract::extract_text_from_mem_by_pages(&bytes).map_err(std::io::Error::other)?;
    let mut room = PAGE_BYTES;
    let fits = |page: &String| {
        room = room.saturating_sub(page.len());
        room > 0
    };
    let pages: Vec<String> = pages.into_iter().take_while(fits).collect();
    let mut out = std::io::stdout().lock();
    out.write_all(b"\n")?;
    serde_json::to_writer(&mut out, &pages)?;
    out.flush()
}
