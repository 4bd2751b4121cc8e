//! GIL001 cpu-bound-thread. Card: knowledge/rules/GIL001-cpu-bound-thread.md

use super::{
    Computing, assigned_name, calls_method, capitalised, computing, label, statement_after,
};
use crate::facts::Site;
use crate::project::{Function, Project, StartKind};
use crate::rules::context::line;
use crate::rules::{Context, Findings, Rule, Severity};

pub const RULE: Rule = Rule {
    code: "GIL001",
    name: "cpu-bound-thread",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    if cx.options.free_threaded {
        return;
    }
    let all = computing(cx.project, cx.file, is_thread);
    for one in all
        .iter()
        .filter(|one| one.start.kind != StartKind::Subclass)
    {
        let gain = gain(one, &all);
        let message = message(one, gain);
        let finding = out.report(
            &RULE,
            gain.severity(),
            cx.file,
            one.start.call.range(),
            message,
        );
        one.prove(finding);
    }
    check_subclasses(cx, out);
}

fn is_thread(kind: StartKind) -> bool {
    matches!(
        kind,
        StartKind::Thread | StartKind::Timer | StartKind::Subclass
    )
}

/// What is gained by a thread that computes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gain {
    /// The rest of the program goes on.
    Background,
    /// Nothing: the only other thread waits for it.
    Joined,
    /// Nothing: it takes turns with others of its kind.
    Turns,
}

impl Gain {
    fn severity(self) -> Severity {
        match self {
            Gain::Background => Severity::Hint,
            Gain::Joined | Gain::Turns => Severity::Warning,
        }
    }
}

fn gain<'p>(one: &Computing<'p>, all: &[Computing<'p>]) -> Gain {
    if one.is_one_of_several(all) {
        Gain::Turns
    } else if is_joined_at_once(one.start.call) {
        Gain::Joined
    } else {
        Gain::Background
    }
}

/// Whether a thread is started, and joined in the next statement.
fn is_joined_at_once(call: Site<'_>) -> bool {
    let Some(name) = assigned_name(call) else {
        return false;
    };
    let mut after = statement_after(call);
    // a few settings of the thread may come before its start
    for _ in 0..4 {
        let Some(statement) = after else { return false };
        after = statement_after(statement);
        if calls_method(statement, name, &["start"]) {
            return after.is_some_and(|next| calls_method(next, name, &["join"]));
        }
    }
    false
}

fn message(one: &Computing<'_>, gain: Gain) -> String {
    let (label, place) = (label(one.function), one.place());
    match gain {
        Gain::Turns => format!(
            "These threads gain nothing: {label} only computes ({place}) and never lets go of the GIL, so they take turns on one core; \
             use processes, such as a `ProcessPoolExecutor`"
        ),
        Gain::Joined => format!(
            "This thread gains nothing: {label} only computes ({place}), and the thread is joined directly after its start; \
             call {label} here, or use processes for several cores"
        ),
        Gain::Background => format!(
            "{} only computes ({place}): it holds the GIL nearly all the time and slows every other thread down; a process would run on a core of its own",
            capitalised(&label)
        ),
    }
}

/// The `run` methods of this file that only compute, with the places of the project that make their threads.
fn check_subclasses(cx: &Context<'_>, out: &mut Findings) {
    for (run, starts) in runs(cx) {
        let Some((first, gain)) = starts.iter().max_by_key(|(_, gain)| *gain) else {
            continue;
        };
        let finding = out.report(
            &RULE,
            gain.severity(),
            cx.file,
            run.header(),
            message(first, *gain),
        );
        first.prove(finding);
        for (start, _) in &starts {
            finding.evidence(
                start.start.call,
                format!(
                    "A thread that does this is made here, in line {}",
                    line(start.start.call)
                ),
            );
        }
    }
}

type Runs<'p> = Vec<(Function<'p>, Vec<(Computing<'p>, Gain)>)>;

fn runs<'p>(cx: &Context<'p>) -> Runs<'p> {
    let mut found: Runs<'p> = Vec::new();
    let mut files: Vec<&crate::facts::FileFacts> = Vec::new();
    let of_subclasses = cx
        .project
        .starts_of(cx.file)
        .filter(|start| start.kind == StartKind::Subclass);
    for start in of_subclasses {
        if !files
            .iter()
            .any(|known| std::ptr::eq(*known, start.call.file))
        {
            files.push(start.call.file);
        }
    }
    for file in files {
        let gains = gains_of(cx.project, file);
        for (one, gain) in gains {
            if !std::ptr::eq(one.function.site.file, cx.file) {
                continue;
            }
            match found.iter_mut().find(|(run, _)| *run == one.function) {
                Some((_, starts)) => starts.push((one, gain)),
                None => found.push((one.function, vec![(one, gain)])),
            }
        }
    }
    found
}

/// The threads of subclasses that a file makes and that only compute.
fn gains_of<'p>(
    project: &'p Project,
    file: &'p crate::facts::FileFacts,
) -> Vec<(Computing<'p>, Gain)> {
    let all = computing(project, file, is_thread);
    let gains: Vec<_> = all.iter().map(|one| gain(one, &all)).collect();
    let pairs = all.into_iter().zip(gains);
    pairs
        .filter(|(one, _)| one.start.kind == StartKind::Subclass)
        .collect()
}
