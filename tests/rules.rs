//! The rule suites of `tests/rules/`: what is marked must be found, and nothing else. See `tests/rules/README.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use marginote::rules::Finding;
use suites::{Case, cases, project, suites};

mod suites;

/// A caret line. Lines from 0, columns in code points; `end` is None where the range runs to the end of its line or further.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Mark {
    line: usize,
    start: usize,
    end: usize,
    evidence: bool,
    code: String,
    severity: String,
    words: String,
}

fn is_mark(line: &str) -> bool {
    line.trim_start()
        .strip_prefix('#')
        .is_some_and(|rest| rest.trim_start().starts_with('^'))
}

fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut target = 0;
    for (number, line) in text.lines().enumerate() {
        if !is_mark(line) {
            target = number;
            continue;
        }
        let carets = line
            .chars()
            .take_while(|c| matches!(c, '#' | ' ' | '^'))
            .collect::<String>();
        let end = carets.trim_end().chars().count();
        let first_caret = carets.find('^').unwrap_or(0);
        let start = if carets[..first_caret].ends_with('#') {
            first_caret - 1
        } else {
            first_caret
        };
        let (head, words) = line[carets.len()..]
            .split_once(": ")
            .unwrap_or((&line[carets.len()..], ""));
        let mut head = head.split_whitespace();
        let (first, second) = (
            head.next().unwrap_or_default(),
            head.next().unwrap_or_default(),
        );
        let evidence = first == "evidence";
        let (code, severity) = if evidence {
            (second, "")
        } else {
            (first, second)
        };
        marks.push(Mark {
            line: target,
            start,
            end,
            evidence,
            code: code.into(),
            severity: severity.into(),
            words: words.trim().into(),
        });
    }
    marks
}

/// Where a range starts and, on its first line, ends.
fn on_first_line(text: &str, range: &std::ops::Range<usize>) -> (usize, usize, usize) {
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[..range.start].matches('\n').count();
    let first_line_end = text[range.start..]
        .find('\n')
        .map_or(text.len(), |at| range.start + at);
    let end = range.end.min(first_line_end);
    let shown = text[line_start..end].trim_end().chars().count();
    (line, text[line_start..range.start].chars().count(), shown)
}

/// What is wrong with a case, for people; empty when all is well.
fn problems(case: &Case, code: &str) -> String {
    let project = project(case);
    let all_rules = case.title.ends_with("(all rules)");
    let reports = project.snapshot.check(&project.paths, &|| {});
    let findings: Vec<Finding> = reports
        .iter()
        .flat_map(|report| report.findings.clone())
        .filter(|finding| all_rules || finding.code == code)
        .collect();
    let mut out = String::new();
    for problem in reports.iter().flat_map(|report| &report.problems) {
        let _ = writeln!(out, "    {problem}");
    }
    let root = project.folder.path().canonicalize().expect("it is there");
    let texts: BTreeMap<&str, &str> = case
        .files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let name_of = |path: &Path| {
        path.strip_prefix(&root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let mut expected: Vec<(String, Mark)> = Vec::new();
    for (name, text) in case
        .files
        .iter()
        .filter(|(name, _)| name.ends_with(".py") || name.ends_with(".pyi"))
    {
        expected.extend(marks(text).into_iter().map(|mark| (name.clone(), mark)));
    }
    for finding in &findings {
        let name = name_of(&finding.place.path);
        let (line, start, end) = on_first_line(texts[name.as_str()], &finding.place.range);
        let fits = |(file, mark): &(String, Mark)| {
            *file == name
                && (mark.line, mark.start, mark.end) == (line, start, end)
                && !mark.evidence
                && mark.code == finding.code
                && mark.severity == finding.severity.word()
                && finding.message.contains(&mark.words)
        };
        match expected.iter().position(fits) {
            Some(at) => {
                expected.remove(at);
            }
            None => {
                let _ = writeln!(
                    out,
                    "    not marked: {name}:{}:{start}-{end} {} {}: {}",
                    line + 1,
                    finding.code,
                    finding.severity.word(),
                    finding.message
                );
            }
        }
    }
    let evidence: Vec<_> = findings
        .iter()
        .flat_map(|finding| {
            finding
                .evidence
                .iter()
                .map(|evidence| (finding.code, &evidence.place))
        })
        .filter_map(|(code, place)| {
            let name = name_of(&place.path);
            let (line, start, end) = on_first_line(texts.get(name.as_str())?, &place.range);
            Some((name, line, start, end, code))
        })
        .collect();
    for (name, mark) in expected {
        let found = mark.evidence
            && evidence.iter().any(|known| {
                *known
                    == (
                        name.clone(),
                        mark.line,
                        mark.start,
                        mark.end,
                        mark.code.as_str(),
                    )
            });
        if !found {
            let what = if mark.evidence {
                "evidence"
            } else {
                mark.severity.as_str()
            };
            let _ = writeln!(
                out,
                "    not found: {name}:{}:{}-{} {} {what} {}",
                mark.line + 1,
                mark.start,
                mark.end,
                mark.code,
                mark.words
            );
        }
    }
    out
}

#[test]
fn what_is_marked_is_found_and_nothing_else() {
    let mut report = String::new();
    let (mut passed, mut failed) = (0, 0);
    for (name, text) in suites("rules") {
        let code = name.split('-').next().expect("a code").to_string();
        for case in cases(&text) {
            let wrong = problems(&case, &code);
            if wrong.is_empty() {
                passed += 1;
            } else {
                failed += 1;
                let _ = writeln!(report, "{name}.md:{} {}\n{wrong}", case.line, case.title);
            }
        }
    }
    assert!(
        failed == 0,
        "{failed} cases failed, {passed} passed\n{report}"
    );
    assert!(passed > 0, "no case was run");
}

/// Runs a case's first file, and prints the names of the exceptions that end it or one of its threads.
const RUNNER: &str = r#"
import runpy, sys, threading
seen = []
threading.excepthook = lambda args: seen.append(args.exc_type.__name__)
sys.unraisablehook = lambda args: seen.append(args.exc_type.__name__)
import logging
class Seen(logging.Handler):
    def emit(self, record):
        if record.exc_info:
            seen.append(record.exc_info[0].__name__)
logging.getLogger().addHandler(Seen())
sys.path.insert(0, ".")
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except BaseException as error:
    while error is not None:
        seen.append(type(error).__name__)
        error = error.__cause__ or error.__context__
for thread in threading.enumerate():
    if thread is not threading.current_thread() and not thread.daemon:
        thread.join(5)
print(" ".join(seen))
"#;

#[test]
fn errors_raise_when_python_runs_them() {
    let mut wrong = String::new();
    let mut runs = 0;
    for (name, text) in suites("rules") {
        for case in cases(&text) {
            let Some((file, first)) = case.files.first() else {
                continue;
            };
            let Some(expected) = first
                .lines()
                .find_map(|line| line.strip_prefix("# raises: "))
            else {
                continue;
            };
            let project = project(&case);
            let output = Command::new("python3")
                .args(["-c", RUNNER, file])
                .current_dir(project.folder.path())
                .output()
                .expect("python3 runs");
            runs += 1;
            let seen = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            if !seen.split_whitespace().any(|word| word == expected.trim())
                && !errors.contains(expected.trim())
            {
                let _ = writeln!(
                    wrong,
                    "{name}.md:{} {}: expected {expected}, saw {seen}{errors}",
                    case.line, case.title
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        runs > 0 || std::env::var("SUITE").is_ok(),
        "nothing was run"
    );
}
