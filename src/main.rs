//! The command line: what was asked for, handed to the library.

mod allocator;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use marginote::config::{ConfigCache, Settings};
use marginote::explain::{self, Text};
use marginote::knowledge::{Card, Knowledge};
use marginote::review::{self, Format, Place, Request};
use marginote::rules::Severity;
use tracing_subscriber::EnvFilter;

/// Writes study notes into the margin of Python code.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks files and folders, and explains what it finds.
    ///
    /// Exit code: 0 nothing found, 1 findings, 2 the call or the configuration was wrong, 3 a file could not be read
    /// (each is named, the rest is checked). Of several the first in the order 2, 3, 1, 0.
    Check(Check),
    /// Lists the rules.
    Rules {
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Explains a rule (MUT001, mutable-default), a concept (gil), or what stands at a place of a file.
    Explain {
        /// A rule's code or name, a concept's name, or its title.
        #[arg(
            value_name = "CODE|CONCEPT",
            required_unless_present = "at",
            conflicts_with = "at"
        )]
        what: Option<String>,
        /// What a hover there would say. Line and column count from 1.
        #[arg(long, value_name = "FILE:LINE:COLUMN")]
        at: Option<Place>,
        #[arg(long, value_enum, default_value_t = PageFormat::Text)]
        format: PageFormat,
    },
    /// Serves an editor over stdin and stdout (the Language Server Protocol).
    Server {
        /// Listen on HOST:PORT and serve the first client there, for debugging.
        #[arg(long, value_name = "HOST:PORT")]
        tcp: Option<String>,
        /// Accepted because VS Code's client adds it.
        #[arg(long, hide = true, conflicts_with = "tcp")]
        stdio: bool,
    },
}

#[derive(Args)]
struct Check {
    /// Files and folders; `-` reads stdin. Default: the working directory.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    /// The rules that run: codes, names, families or ALL, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    select: Option<Vec<String>>,
    /// Rules that do not run.
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    ignore: Vec<String>,
    /// Read no configuration files.
    #[arg(long)]
    isolated: bool,
    /// Exit with 0 whatever is found.
    #[arg(long)]
    exit_zero: bool,
    /// The least severity that makes the exit code 1.
    #[arg(long, value_parser = severity, default_value = "warning", value_name = "error|warning|information|hint")]
    fail_on: Severity,
    /// The name of the file whose text comes from stdin. Only with the path `-`.
    #[arg(long, value_name = "FILE")]
    stdin_filename: Option<PathBuf>,
    /// How many files are checked at the same time. Default: one for each core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

fn severity(word: &str) -> Result<Severity, String> {
    [
        Severity::Error,
        Severity::Warning,
        Severity::Information,
        Severity::Hint,
    ]
    .into_iter()
    .find(|severity| severity.word() == word)
    .ok_or_else(|| "one of error, warning, information, hint".to_string())
}

fn main() -> ExitCode {
    allocator::share_with_tree_sitter();
    let filter = EnvFilter::try_from_env("MARGINOTE_LOG");
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
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
        Command::Rules { format } => print(&rules(format)?),
        Command::Explain {
            at: Some(place),
            format,
            ..
        } => print(&hover(&place, format)?),
        Command::Explain { what, format, .. } => print(&page(&what.unwrap_or_default(), format)?),
        Command::Server { tcp, .. } => Ok(marginote::server::run(tcp.as_deref())?),
    }
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
    let color = match call.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    };
    let request = Request {
        paths: call.paths,
        format: if call.format == CheckFormat::Json {
            Format::Json
        } else {
            Format::Text
        },
        settings: Settings::from_options(call.select.as_deref(), &call.ignore),
        isolated: call.isolated,
        stdin_filename: call.stdin_filename,
        fail_on: (!call.exit_zero).then_some(call.fail_on),
        color,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    Ok(ExitCode::from(review::check(&request, &mut out)?))
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

fn rules(format: ListFormat) -> anyhow::Result<String> {
    let knowledge = knowledge_here()?;
    let cards = knowledge.rules();
    if format == ListFormat::Json {
        let rules: Vec<_> = cards
            .map(|card| {
                serde_json::json!({
                    "code": card.code, "name": card.name, "severity": card.severity.word(), "fix": card.fix.word(),
                    "title": card.title, "concept": card.concept, "since": card.since,
                })
            })
            .collect();
        return Ok(format!(
            "{}\n",
            serde_json::json!({"version": 1, "rules": rules})
        ));
    }
    let line = |card: &marginote::knowledge::RuleCard| {
        format!(
            "{:<6}  {:<34} {:<12} {}\n",
            card.code,
            card.name,
            card.severity.word(),
            card.title
        )
    };
    Ok(cards.map(line).collect())
}

fn page(what: &str, format: PageFormat) -> anyhow::Result<String> {
    let knowledge = &*knowledge_here()?;
    let (name, text): (&str, Text) = match knowledge.find(what) {
        Some(Card::Rule(card)) => (&card.code, explain::rule(card, knowledge)),
        Some(Card::Concept(card)) => (&card.concept, explain::concept(card, knowledge)),
        None => match knowledge.nearest(what) {
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
    let hover = review::explain_at(place)?;
    Ok(match (format, hover) {
        (PageFormat::Json, hover) => {
            let hover = hover.as_ref();
            let document = serde_json::json!({
                "version": 1,
                "concept": hover.and_then(|hover| hover.concept.as_deref()),
                "also": hover.map_or(&[][..], |hover| &hover.also),
                "findings": hover.map_or(&[][..], |hover| &hover.findings),
                "notes": [],
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
