//! What can be typed. The flags that decide about the output come from the table of options.

use camino::Utf8PathBuf;
use clap::{Arg, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::plan::options::{Form, OPTIONS};

/// Reads a source repository and writes the container files that an expert would have written.
#[derive(Debug, Parser)]
#[command(
    name = "dockgen",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write Dockerfile, .dockerignore and health check; a wizard on a terminal
    Init(InitArgs),
    /// Exit 1 with a diff when the files on disk are not what dockgen would write
    Check(ProjectArgs),
    /// Show each decision: value, reason, and what lost
    Explain(ExplainArgs),
    /// Print the plan as JSON
    Plan(ProjectArgs),
}

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Print errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    Text,
    Json,
    Mermaid,
}

/// Arguments of every verb that looks at a repository.
#[derive(Debug, Args)]
pub(super) struct ProjectArgs {
    /// Root of the repository, which is also the build context
    #[arg(default_value = ".")]
    pub path: Utf8PathBuf,
    /// Only the component in this folder; may be given again
    #[arg(long = "component", value_name = "DIR")]
    pub components: Vec<String>,
    /// Any setting; DIR:KEY=VALUE for one component; may be given again
    #[arg(long = "set", value_name = "[DIR:]KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Ask nothing: take the best answers and say which were guesses
    #[arg(long, short)]
    pub yes: bool,
    /// Write nothing; say what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// Print the changes as a diff
    #[arg(long)]
    pub diff: bool,
    /// Replace files that dockgen did not write or that were edited since
    #[arg(long)]
    pub force: bool,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Text for people, JSON, or the stages as a mermaid graph
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
}

/// The whole command with one flag for each option of the table.
pub(super) fn command() -> clap::Command {
    let mut command = Cli::command();
    for verb in ["init", "check", "explain", "plan"] {
        command = command.mut_subcommand(verb, |mut command| {
            for option in OPTIONS {
                let mut arg = Arg::new(option.key)
                    .long(option.key)
                    .value_name(option.placeholder)
                    .help(format!(
                        "{} [also: {}, dockgen.toml]",
                        option.help,
                        option.variable()
                    ))
                    .help_heading("Decisions");
                if let Form::Choice(choices) = option.form {
                    arg = arg.value_parser(clap::builder::PossibleValuesParser::new(choices));
                }
                command = command.arg(arg);
            }
            command
        });
    }
    command
}
