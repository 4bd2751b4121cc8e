//! The words and options of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use marginote::review::{FindingFormat, Format, Place};
use marginote::rules::Severity;

/// Writes study notes into the margin of Python code.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Checks files and folders, and explains what it finds.
    ///
    /// Exit code: 0 nothing found, 1 findings, 2 the call or the configuration was wrong, 3 a file could not be read
    /// (each is named, the rest is checked). Of several the first in the order 2, 3, 1, 0.
    Check(Check),
    /// Lists the rules.
    Rules {
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
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
    /// Lists, searches, checks and links the user's notes.
    ///
    /// Exit code of list, search and link: 0, 2 the call or the configuration was wrong, 3 a note could not be read (each is named).
    #[command(subcommand)]
    Notes(NotesCommand),
    /// Asks questions about the ideas that the code uses, again shortly before they would be forgotten.
    Recall(Recall),
    /// Prints the settings that apply to a path, and where each is said.
    ///
    /// Exit code: 0, 2 there is no such path or a setting is wrong.
    Config {
        /// A file or a folder. Default: the working directory.
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Writes a marginote.toml with all settings, commented out, into the working directory.
    Init,
    /// Prints a script that completes the words and options of this program in a shell.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Prints the manual page, of the program or of a command.
    #[command(hide = true)]
    Man {
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
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
pub struct Check {
    /// Files and folders; `-` reads stdin. Default: the working directory.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub findings: FindingOptions,
    #[command(flatten)]
    pub fixing: FixingOptions,
    #[command(flatten)]
    pub change: ChangeOptions,
    /// Leave out the findings that were accepted in this file.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Accept all present findings: write them into the file of --baseline.
    #[arg(long, requires = "baseline", conflicts_with_all = ["diff", "patch"])]
    pub write_baseline: bool,
    /// Only count what each rule found.
    #[arg(long)]
    pub statistics: bool,
    /// Check again whenever a file changes, and tell what is new and what is gone. Ctrl-C ends it.
    #[arg(long, conflicts_with_all = ["fix", "unsafe_fixes", "diff_only", "diff", "patch", "write_baseline", "statistics", "output"])]
    pub watch: bool,
    /// Read no configuration files.
    #[arg(long)]
    pub isolated: bool,
    /// Neither use nor keep what an earlier check of the same folders found.
    #[arg(long)]
    pub no_cache: bool,
    /// The name of the file whose text comes from stdin. Only with the path `-`.
    #[arg(long, value_name = "FILE")]
    pub stdin_filename: Option<PathBuf>,
    /// How many files are checked at the same time. Default: one for each core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
}

/// Which fixes are made before findings are shown.
#[derive(Args)]
pub struct FixingOptions {
    /// Make the safe fixes in the files, then report what is left.
    #[arg(long)]
    pub fix: bool,
    /// Make all fixes, also those that may change what a correct program means.
    #[arg(long)]
    pub unsafe_fixes: bool,
    /// Print the fixes as a patch and write nothing; the exit code is 1 where there are any.
    #[arg(long, conflicts_with_all = ["output", "baseline", "statistics"])]
    pub diff_only: bool,
}

/// The change that findings are shown for.
#[derive(Args)]
pub struct ChangeOptions {
    /// Only what the changes since the merge base with a git revision concern.
    #[arg(long, value_name = "REV", conflicts_with_all = ["fix", "unsafe_fixes", "diff_only"])]
    pub diff: Option<String>,
    /// Files that git does not know are new ones.
    #[arg(long, requires = "diff")]
    pub untracked: bool,
    /// Only what a unified diff concerns; the files are as they are after it. `-` reads stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["diff", "fix", "unsafe_fixes", "diff_only"])]
    pub patch: Option<PathBuf>,
    /// With --diff or --patch: also show what was there before, marked as existing; it does not count for the exit code.
    #[arg(long, value_enum, value_name = "changed|all", hide_possible_values = true, default_value_t = Context::Changed)]
    pub context: Context,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Context {
    Changed,
    All,
}

/// Which findings are shown, and how.
#[derive(Args)]
pub struct FindingOptions {
    #[arg(long, value_enum, default_value_t = FindingFormat::Text)]
    pub format: FindingFormat,
    /// Write into a file, whole or not at all. Default: stdout.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The rules that run: codes, names, families or ALL, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub select: Option<Vec<String>>,
    /// Rules that do not run.
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub ignore: Vec<String>,
    /// Exit with 0 whatever is found.
    #[arg(long)]
    pub exit_zero: bool,
    /// The least severity that makes the exit code 1.
    #[arg(long, value_parser = severity, default_value = "warning", value_name = "error|warning|information|hint")]
    pub fail_on: Severity,
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Args)]
pub struct Recall {
    /// Python files and folders whose ideas are asked about. Default: the working directory.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Ask about every idea, whether the code uses it or not.
    #[arg(long)]
    pub all: bool,
    /// The most questions that are asked.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub limit: u16,
    /// Keep how well one answer was known: again, hard, good or easy. Asks nothing.
    #[arg(long, num_args = 2, value_names = ["ID", "GRADE"], conflicts_with = "export")]
    pub grade: Option<Vec<String>>,
    /// Write the questions for Anki into a file, or to stdout.
    #[arg(long, num_args = 1..=2, value_names = ["anki", "FILE"])]
    pub export: Option<Vec<String>>,
    /// JSON lists what is due and asks nothing.
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    pub format: OutputFormat,
}

#[derive(Subcommand)]
pub enum NotesCommand {
    /// Lists the sections of notes, and what each explains.
    List {
        /// Files and folders. Default: the notes that the configuration names.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Finds the sections that say some words, the best first.
    Search {
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// Files and folders. Default: the notes that the configuration names.
        #[arg(long = "in", value_name = "PATH", num_args = 1..)]
        paths: Vec<PathBuf>,
        /// The most sections that are shown.
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Checks what notes say: claims, links, code, cards.
    ///
    /// Exit code: as that of `marginote check`.
    Check {
        /// Files and folders. Default: the notes that the configuration names.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        findings: FindingOptions,
    },
    /// Shows what each section of a note is linked to, and the comment that links one by hand.
    Link {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Text,
    Json,
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Format {
        match format {
            OutputFormat::Text => Format::Text,
            OutputFormat::Json => Format::Json,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
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
