//! Problems as GitHub Actions reads them: `::error file=…,line=…,title=…::message` ("Workflow commands").

use std::path::{Component, Path, PathBuf};

use crate::guides::{Problem, Severity};

/// One annotation of a file below `dir`.
pub(super) fn annotation(dir: &Path, problem: &Problem) -> String {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "notice",
    };
    let file = shown(&dir.join(&problem.file));
    let line = problem.line.map(|line| format!(",line={line}")).unwrap_or_default();
    format!(
        "::{level} file={}{line},title={}::{}",
        property(&file.to_string_lossy()),
        property(problem.kind.title()),
        data(&problem.message)
    )
}

/// Relative to where the command runs, as annotations want it, where that is possible.
fn shown(path: &Path) -> PathBuf {
    let inside =
        std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    let path = inside.unwrap_or_else(|| path.to_owned());
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends at a comma, and its name at a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::ProblemKind;

    #[test]
    fn nothing_in_a_problem_can_end_its_annotation_or_begin_another() {
        let problem = Problem {
            file: "a,b:c.md".into(),
            line: Some(7),
            severity: Severity::Error,
            kind: ProblemKind::BrokenLink,
            message: "100% wrong\r\n::warning::not one".into(),
            mentions: Vec::new(),
        };
        assert_eq!(
            annotation(Path::new("./content"), &problem),
            "::error file=content/a%2Cb%3Ac.md,line=7,title=Broken links::100%25 wrong%0D%0A::warning::not one"
        );
        let known = Problem { line: None, severity: Severity::Information, ..problem };
        assert!(annotation(Path::new("."), &known).starts_with("::notice file=a%2Cb%3Ac.md,title="));
    }
}
