use std::process::ExitCode;

use clap::{Parser, Subcommand};
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

fn main() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_env("MARGINOTE_LOG");
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("warn,marginote=info")))
        .init();
    match Cli::parse().command {
        Command::Server { tcp, .. } => Ok(marginote::server::run(tcp.as_deref())?),
    }
}
