//! The command line: what was asked for, handed to the library.

mod allocator;
mod cli;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, bail};
use clap::{CommandFactory, Parser};
use cli::{
    ChangeOptions, Check, Cli, Color, Command, FindingOptions, FixingOptions, NotesCommand,
    PageFormat, Recall,
};
use marginote::config::{ConfigCache, Settings};
use marginote::explain::{self, Text};
use marginote::knowledge::{Card, Knowledge, NOTE_RULES, NoteRule};
use marginote::review::{
    self, Asked, Baseline, Fixing, Format, Place, RecallRequest, RecallTask, Request, Source,
};
use marginote::rules::Severity;
use marginote::server::Log;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    allocator::share_with_tree_sitter();
    let filter = EnvFilter::try_from_env("MARGINOTE_LOG");
    tracing_subscriber::fmt()
        .with_writer(|| Log)
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("warn,marginote=info")))
        .init();
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("marginote: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(call) => check(call),
        Command::Rules { format } => print(&rules(format.into())?),
        Command::Explain {
            at: Some(place),
            format,
            ..
        } => print(&hover(&place, format)?),
        Command::Explain { what, format, .. } => print(&page(&what.unwrap_or_default(), format)?),
        Command::Notes(command) => notes(command),
        Command::Recall(call) => recall(call),
        Command::Config { path, format } => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let code = review::config(&path, format.into(), &mut out)?;
            Ok(ExitCode::from(code))
        }
        Command::Init => {
            review::init()?;
            print("wrote marginote.toml\n")
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "marginote", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man { command } => print(&manual(command.as_deref())?),
        Command::Server { tcp, .. } => Ok(marginote::server::run(tcp.as_deref())?),
    }
}

/// The manual page of the program or of one of its commands, in the form that `man` reads.
fn manual(name: Option<&str>) -> anyhow::Result<String> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => bail!("there is no command `{}`", name.escape_debug()),
        },
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn check(call: Check) -> anyhow::Result<ExitCode> {
    if call.stdin_filename.is_some() && call.paths.iter().all(|path| path.as_os_str() != "-") {
        bail!("--stdin-filename is a name for stdin, which is not read: give `-` as a path");
    }
    if let Some(jobs) = call.jobs {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(jobs))
            .build_global()
            .context("cannot start the threads")?;
    }
    let request = Request {
        stdin_filename: call.stdin_filename,
        isolated: call.isolated,
        fixing: fixing(&call.fixing),
        change: change(call.change),
        baseline: call.baseline.map(|file| Baseline {
            file,
            write: call.write_baseline,
        }),
        statistics: call.statistics,
        // whoever watches is told of what changes, and so wants all of it read
        cache: !call.no_cache && !call.watch,
        ..request(call.paths, call.findings)
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let code = match call.watch {
        true => review::watch(&request, &mut out)?,
        false => review::check(&request, &mut out)?,
    };
    Ok(ExitCode::from(code))
}

/// What is asked for with the options that `check` and `notes check` share.
fn request(paths: Vec<PathBuf>, options: FindingOptions) -> Request {
    let color = match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if options.output.is_some() => false,
        Color::Auto => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    };
    Request {
        paths,
        format: options.format,
        output: options.output,
        settings: Settings::from_options(options.select.as_deref(), &options.ignore),
        isolated: false,
        stdin_filename: None,
        fail_on: (!options.exit_zero).then_some(options.fail_on),
        color,
        fixing: None,
        change: None,
        baseline: None,
        statistics: false,
        cache: false,
    }
}

/// The change that findings are asked for.
fn change(options: ChangeOptions) -> Option<Asked> {
    let source = match (options.diff, options.patch) {
        (Some(revision), _) => Source::Revision {
            revision,
            untracked: options.untracked,
        },
        (None, Some(patch)) => Source::Patch(patch),
        (None, None) => return None,
    };
    Some(Asked {
        source,
        all: options.context == cli::Context::All,
    })
}

/// Which fixes are asked for: each of the options asks for some.
fn fixing(options: &FixingOptions) -> Option<Fixing> {
    let is_asked = options.fix || options.unsafe_fixes || options.diff_only;
    is_asked.then_some(Fixing {
        unsafe_too: options.unsafe_fixes,
        diff_only: options.diff_only,
    })
}

fn notes(command: NotesCommand) -> anyhow::Result<ExitCode> {
    let out = &mut std::io::BufWriter::new(std::io::stdout().lock());
    let code = match command {
        NotesCommand::List { paths, format } => review::list(&paths, format.into(), out)?,
        NotesCommand::Search {
            words,
            paths,
            limit,
            format,
        } => review::search(&words.join(" "), &paths, limit.into(), format.into(), out)?,
        NotesCommand::Check { paths, findings } => {
            review::check_notes(&request(paths, findings), out)?
        }
        NotesCommand::Link { file, format } => review::link(&file, format.into(), out)?,
    };
    Ok(ExitCode::from(code))
}

fn recall(call: Recall) -> anyhow::Result<ExitCode> {
    let task = match (call.grade.as_deref(), call.export.as_deref()) {
        (Some([id, grade]), _) => RecallTask::Grade(id.clone(), grade.clone()),
        (_, Some([program, file @ ..])) => {
            if program != "anki" {
                bail!(
                    "`{}` is no program to export for: only anki is",
                    program.escape_debug()
                );
            }
            RecallTask::Anki(file.first().map_or("-", String::as_str).into())
        }
        _ => RecallTask::Ask(call.limit.into()),
    };
    let request = RecallRequest {
        paths: call.paths,
        all: call.all,
        format: call.format.into(),
        task,
    };
    let today = jiff::Zoned::now().date();
    let out = &mut std::io::BufWriter::new(std::io::stdout().lock());
    let code = review::recall(&request, today, &mut std::io::stdin().lock(), out)?;
    Ok(ExitCode::from(code))
}

/// Prints a page; whoever has read enough of it may close the pipe.
fn print(page: &str) -> anyhow::Result<ExitCode> {
    match std::io::stdout().lock().write_all(page.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The cards that a file in the working directory has. What is wrong with the user's is said on stderr.
fn knowledge_here() -> anyhow::Result<Arc<Knowledge>> {
    let here = std::env::current_dir().context("the working directory cannot be read")?;
    let config = ConfigCache::new(Vec::new(), true).for_folder(&here);
    for problem in &config.problems {
        let problem = problem.to_string().replace(char::is_control, " ");
        eprintln!("marginote: {problem}");
    }
    Ok(Arc::clone(&config.knowledge))
}

fn rules(format: Format) -> anyhow::Result<String> {
    let knowledge = knowledge_here()?;
    let cards = knowledge.rules();
    if format == Format::Json {
        let cards = cards.map(|card| {
            serde_json::json!({
                "code": card.code, "name": card.name, "severity": card.severity.word(), "fix": card.fix.word(),
                "title": card.title, "concept": card.concept, "since": card.since,
            })
        });
        let notes = NOTE_RULES.iter().map(|rule| {
            serde_json::json!({
                "code": rule.code, "name": rule.name, "severity": rule.severity.word(), "fix": "none",
                "title": rule.title, "concept": "", "since": "",
            })
        });
        let rules: Vec<_> = cards.chain(notes).collect();
        return Ok(format!(
            "{}\n",
            serde_json::json!({"version": 1, "rules": rules})
        ));
    }
    let line = |code: &str, name: &str, severity: Severity, title: &str| {
        format!("{code:<7}  {name:<34} {:<12} {title}\n", severity.word())
    };
    let cards = cards.map(|card| line(&card.code, &card.name, card.severity, &card.title));
    let notes = NOTE_RULES.iter();
    let notes = notes.map(|rule| line(rule.code, rule.name, rule.severity, rule.title));
    Ok(cards.chain(notes).collect())
}

fn page(what: &str, format: PageFormat) -> anyhow::Result<String> {
    let knowledge = &*knowledge_here()?;
    let (name, text): (&str, Text) = match (knowledge.find(what), NoteRule::find(what)) {
        (Some(Card::Rule(card)), _) => (&card.code, explain::rule(card, knowledge)),
        (Some(Card::Concept(card)), _) => (&card.concept, explain::concept(card, knowledge)),
        (None, Some(rule)) => (rule.code, explain::note_rule(rule)),
        (None, None) => match knowledge.nearest(what) {
            Some(right) => bail!("no rule or concept is called `{what}`; did you mean `{right}`?"),
            None => {
                bail!("no rule or concept is called `{what}`; `marginote rules` lists the rules")
            }
        },
    };
    Ok(match format {
        PageFormat::Text => text.plain,
        PageFormat::Markdown => text.markdown,
        PageFormat::Json => {
            let page = serde_json::json!({"version": 1, "name": name, "markdown": text.markdown});
            format!("{page}\n")
        }
    })
}

fn hover(place: &Place, format: PageFormat) -> anyhow::Result<String> {
    let explained = review::explain_at(place)?;
    for problem in &explained.problems {
        eprintln!("marginote: {problem}");
    }
    Ok(match (format, explained.hover) {
        (PageFormat::Json, hover) => {
            let hover = hover.as_ref();
            let document = serde_json::json!({
                "version": 1,
                "concept": hover.and_then(|hover| hover.concept.as_deref()),
                "also": hover.map_or(&[][..], |hover| &hover.also),
                "findings": hover.map_or(&[][..], |hover| &hover.findings),
                "notes": explained.notes,
                "markdown": hover.map_or("", |hover| &hover.markdown),
            });
            format!("{document}\n")
        }
        (PageFormat::Text, Some(hover)) => hover.plain,
        (PageFormat::Markdown, Some(hover)) => hover.markdown,
        (PageFormat::Text | PageFormat::Markdown, None) => {
            "There is nothing to explain at this place.\n".to_owned()
        }
    })
}
