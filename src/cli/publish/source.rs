//! Which commit a folder came from, when git can say so at once. Everything else is silence.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use url::Url;

use crate::model::Source;

/// How long git may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The repository and commit of the folder that `path` is or is in.
pub(super) fn find(path: &Path) -> Option<Source> {
    let dir = if path.is_dir() {
        path
    } else {
        path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
    };
    let commit = ask(dir, &["rev-parse", "--verify", "HEAD"])?;
    let repository = ask(dir, &["remote", "get-url", "origin"]).map(|remote| without_secrets(&remote));
    // Of the folder alone, for it is what is published.
    let dirty = has_changes(dir);
    Some(Source { repository, commit: Some(commit), dirty })
}

/// The one line that git answers.
fn ask(dir: &Path, question: &[&str]) -> Option<String> {
    let mut asked = git(dir, question, Stdio::piped())?;
    if ends(&mut asked) != Some(0) {
        return None;
    }
    let answer = asked.wait_with_output().ok()?.stdout;
    let answer = String::from_utf8(answer).ok()?;
    let line = answer.lines().next()?.trim().to_owned();
    (!line.is_empty() && line.len() <= 500 && !line.contains(char::is_control)).then_some(line)
}

/// Whether files that git knows differ from what the commit has of them. Only the exit status is asked for: a list of ten
/// thousand files would fill a pipe that nobody reads meanwhile.
fn has_changes(dir: &Path) -> bool {
    let question = ["diff", "--quiet", "--no-ext-diff", "--no-textconv", "HEAD", "--", "."];
    // 1 says that there are some (git-diff, `--exit-code`, which `--quiet` implies).
    git(dir, &question, Stdio::null()).and_then(|mut asked| ends(&mut asked)) == Some(1)
}

fn git(dir: &Path, question: &[&str], answer: Stdio) -> Option<Child> {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).args(question);
    git.stdin(Stdio::null()).stdout(answer).stderr(Stdio::null()).spawn().ok()
}

/// The status that git ends with, within our patience.
fn ends(git: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        match git.try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                // It may have ended in between; either way it must not be left behind.
                let _ = git.kill();
                let _ = git.wait();
                return None;
            }
        }
    }
}

/// The address without whatever lets somebody in.
fn without_secrets(remote: &str) -> String {
    let Ok(mut url) = Url::parse(remote) else { return remote.to_owned() };
    if url.set_password(None).is_ok() && url.scheme() != "ssh" {
        let _ = url.set_username("");
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_is_told_without_its_token() {
        for (remote, told) in [
            ("https://x:ghp_secret@github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://ghp_secret@github.com/a/b", "https://github.com/a/b"),
            ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ] {
            assert_eq!(without_secrets(remote), told);
        }
    }

    #[test]
    fn a_folder_in_a_repository_has_a_commit_and_another_has_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(dir.path()), None);
        let git = |args: &[&str]| {
            let names = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"];
            let done = Command::new("git").arg("-C").arg(dir.path()).args(names).args(args).output();
            done.is_ok_and(|done| done.status.success())
        };
        if !git(&["init", "--quiet"]) {
            println!("skipped: there is no git here");
            return;
        }
        assert!(git(&["commit", "--quiet", "--allow-empty", "--message", "one"]));
        assert!(git(&["remote", "add", "origin", "https://token@example.org/a.git"]));
        let source = find(dir.path()).unwrap();
        assert_eq!(source.commit.unwrap().len(), 40);
        assert_eq!(source.repository.unwrap(), "https://example.org/a.git");
        assert!(!source.dirty);
        std::fs::write(dir.path().join("a.html"), "a").unwrap();
        assert!(!find(dir.path()).unwrap().dirty, "what git does not know is no change");
        assert!(git(&["add", "a.html"]));
        assert!(find(dir.path()).unwrap().dirty);
        // Together their names are more than a pipe holds.
        for number in 0..800 {
            std::fs::write(dir.path().join(format!("{number}-{}", "long".repeat(40))), "a").unwrap();
        }
        assert!(git(&["add", "."]) && git(&["commit", "--quiet", "--message", "two"]));
        assert!(!find(dir.path()).unwrap().dirty);
        for number in 0..800 {
            std::fs::write(dir.path().join(format!("{number}-{}", "long".repeat(40))), "ab").unwrap();
        }
        assert!(find(dir.path()).unwrap().dirty);
    }
}
