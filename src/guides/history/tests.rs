use std::fs;
use std::path::PathBuf;

use super::*;

/// A repository whose guides lie in a folder of it; `None` where there is no `git`.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Option<Self> {
        let repository = Self(tempfile::tempdir().unwrap());
        fs::create_dir(repository.content()).unwrap();
        let made = repository.git(&["init", "--quiet"], 0);
        if made.is_none() {
            println!("skipped: there is no git here");
        }
        made.map(|()| repository)
    }

    fn content(&self) -> PathBuf {
        self.0.path().join("content")
    }

    fn git(&self, arguments: &[&str], second: i64) -> Option<()> {
        let day = format!("{} +0000", 1_700_000_000 + second);
        let ended = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.0.path())
            .env("GIT_AUTHOR_DATE", &day)
            .env("GIT_COMMITTER_DATE", &day)
            .output()
            .ok()?;
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        Some(())
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.content().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self, second: i64) {
        self.git(&["add", "--all"], second);
        self.git(&["commit", "--quiet", "--message", "change"], second);
    }
}

fn at(second: i64) -> Changed {
    Changed::At(Timestamp::from_second(1_700_000_000 + second).unwrap())
}

const LONG: &str = "# Lamps\n\nTrim the wick.\n\nPolish the lens.\n\nWrite it in the book.\n";

#[test]
fn a_file_changed_when_its_text_last_did() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a.md", LONG);
    repository.write("b c/ü.md", "# B\n");
    repository.commit(1);
    repository.write("a.md", &format!("{LONG}\nAnd more.\n"));
    repository.commit(2);

    let history = History::read(&repository.content());
    assert!(history.is_known());
    assert_eq!(history.changed("a.md"), at(2));
    assert_eq!(history.changed("b c/ü.md"), at(1));
    assert_eq!(history.changed("new.md"), Changed::AsTheFileSays);

    repository.write("a.md", "# not committed\n");
    assert_eq!(History::read(&repository.content()).changed("a.md"), Changed::AsTheFileSays);
    assert!(!history.is_behind(&repository.content()));
    repository.commit(3);
    assert!(history.is_behind(&repository.content()));
}

#[test]
fn a_file_that_moved_keeps_its_day_and_its_former_names() {
    let Some(repository) = Repository::new() else { return };
    repository.write("one.md", LONG);
    repository.commit(1);
    repository.git(&["mv", "content/one.md", "content/two.md"], 2);
    repository.commit(2);
    fs::create_dir(repository.content().join("lamps")).unwrap();
    repository.git(&["mv", "content/two.md", "content/lamps/three.md"], 3);
    repository.commit(3);

    let history = History::read(&repository.content());
    assert_eq!(history.changed("lamps/three.md"), at(1));
    let tree = Tree::walk(&repository.content());
    let content = crate::config::Content { dir: repository.content(), title: None, language: None };
    let site = Site::load(&content);
    let former: Vec<(String, &str)> =
        history.former_addresses(&tree, &site).map(|(path, now)| (path.as_str().to_owned(), now)).collect();
    assert_eq!(former, [("/one/".to_owned(), "lamps/three.md"), ("/two/".to_owned(), "lamps/three.md")]);
}

#[test]
fn the_oldest_commit_of_a_shallow_clone_dates_nothing() {
    let Some(repository) = Repository::new() else { return };
    repository.write("old.md", LONG);
    repository.commit(1);
    repository.write("other.md", "# Other\n");
    repository.commit(2);
    repository.write("new.md", "# New\n");
    repository.commit(3);
    let clone = tempfile::tempdir().unwrap();
    let (from, to) = (format!("file://{}", repository.0.path().display()), clone.path().join("c"));
    repository.git(&["clone", "--quiet", "--depth=2", &from, to.to_str().unwrap()], 4);

    let history = History::read(&to.join("content"));
    assert_eq!(history.changed("old.md"), Changed::Unknown);
    assert_eq!(history.changed("new.md"), at(3));
}

#[test]
fn without_a_repository_there_is_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let history = History::read(folder.path());
    assert!(!history.is_known());
    assert_eq!(history.changed("a.md"), Changed::AsTheFileSays);
}

/// The guide's HTML, with what the repository remembers.
fn shown(repository: &Repository, address: &str) -> String {
    let content = crate::config::Content { dir: repository.content(), title: None, language: None };
    let library = crate::guides::Library::load(&content, jiff::civil::date(2026, 1, 1)).unwrap();
    let known = library.with_history(Arc::new(History::read(&repository.content()))).unwrap();
    known.page(address).unwrap().html()
}

#[test]
fn links_to_a_heading_arrive_after_it_was_renamed_and_its_file_moved() {
    let Some(repository) = Repository::new() else { return };
    let text = |headings: [&str; 3]| {
        let [first, second, third] = headings;
        format!(
            "# Lamps\n\n## {first}\n\nTrim the wick.\n\n## {second}\n\n```\n# {third}\n```\n\nPolish the lens.\n"
        )
    };
    repository.write("a b.md", &text(["Wicks", "Lenses", "one"]));
    repository.commit(1);
    repository.write("a b.md", &text(["Trimming `wicks`", "Lenses", "two"]));
    repository.commit(2);
    fs::create_dir(repository.content().join("lamps")).unwrap();
    repository.git(&["mv", "content/a b.md", "content/lamps/c.md"], 3);
    repository.commit(3);
    repository.write("lamps/c.md", &text(["How to trim wicks", "Lenses", "two"]));
    repository.commit(4);

    let html = shown(&repository, "/lamps/c/");
    let former =
        "<h2 id=\"how-to-trim-wicks\"><span id=\"trimming-wicks\"></span><span id=\"wicks\"></span>How";
    assert!(html.contains(former), "{html}");
    assert_eq!(html.matches("<span id").count(), 3, "the title's and two more: {html}");
}

#[test]
fn an_id_that_a_heading_has_today_is_no_former_one_and_what_was_written_anew_is_not_renamed() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a.md", "# Lamps\n\n## Wicks\n\nOne.\n\n## Lenses\n\nTwo.\n");
    repository.write("b.md", "# Brass\n\n## Polish\n\nOne.\n\n## Cloth\n\nTwo.\n");
    repository.commit(1);
    // Two that changed places; one that stands lower, and one in whose place two came.
    repository.write("a.md", "# Lamps\n\n## Lenses\n\nOne.\n\n## Wicks\n\nTwo.\n");
    repository.write("b.md", "# Brass\n\n### Wax\n\nOne.\n\n## Wool\n## Silk\n\nTwo.\n");
    repository.commit(2);

    for (address, title) in [("/a/", "lamps"), ("/b/", "brass")] {
        let html = shown(&repository, address);
        assert_eq!(html.matches("<span id").count(), 1, "{html}");
        assert!(html.contains(&format!("<span id=\"{title}\">")), "{html}");
    }
}
