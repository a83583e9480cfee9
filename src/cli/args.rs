//! What can be typed. The flags that decide about the output come from the table of options.

use camino::Utf8PathBuf;
use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

use super::help;
use crate::lang::languages;
use crate::plan::options::{Form, OPTIONS, Opt};

/// Reads a source repository and writes the container files that an expert would have written
/// by hand: a multi-stage Dockerfile, its ignore file and a health check
#[derive(Debug, Parser)]
#[command(
    name = "dockgen",
    version,
    max_term_width = 100,
    after_help = help::DOCKGEN,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write Dockerfile, ignore file and health check; a wizard on a terminal
    #[command(after_help = help::INIT)]
    Init(InitArgs),
    /// Say whether the files on disk are what dockgen would write; exit 1 with a diff if not
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// Show each decision: value, where it comes from, how sure it is, and what lost
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Print the plan as JSON: everything decided, nothing rendered
    #[command(after_help = help::PLAN)]
    Plan(ProjectArgs),
    /// List the base images with the end of their support
    #[command(after_help = help::IMAGES)]
    Images(ImagesArgs),
    /// Print the JSON schema of the plan, of the report, of dockgen.toml or of a detector
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Print the completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print a manual page
    #[command(after_help = help::MAN)]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Print results and errors only
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
    /// For people
    Text,
    Json,
    /// The stages, and what is copied between them, as a graph
    Mermaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// What `dockgen plan` prints
    Plan,
    /// What `--format json` of init and check prints
    Report,
    /// The file dockgen.toml
    Settings,
    /// A detector of a pack: detectors/LANGUAGE/NAME.toml
    Detector,
}

/// Arguments of every verb that looks at a repository.
#[derive(Debug, Args)]
pub(super) struct ProjectArgs {
    /// Root of the repository, which is also the build context
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: Utf8PathBuf,
    /// Folder whose detectors and templates stand before the built-in ones; may be given again
    #[arg(
        long = "pack",
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        help_heading = help::DECISIONS,
        display_order = 98
    )]
    pub packs: Vec<Utf8PathBuf>,
    /// Any setting by its key, for one component with DIR in front; may be given again
    #[arg(
        long = "set",
        value_name = "[DIR:]KEY=VALUE",
        help_heading = help::DECISIONS,
        display_order = 100
    )]
    pub set: Vec<String>,
    /// Every component gets an image, whatever its role: short for `--component '*'`
    #[arg(
        long,
        conflicts_with = "components",
        help_heading = help::DECISIONS,
        display_order = 99
    )]
    pub all: bool,
}

#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own, and any may be given with any other"
)]
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
    /// Form of the report; json asks nothing
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
}

#[derive(Debug, Args)]
pub(super) struct ImagesArgs {
    /// Only this runtime, with the image for each role
    pub runtime: Option<String>,
    /// Form of the table
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaOf::Plan)]
    pub of: SchemaOf,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command that the page is about; dockgen itself without one
    pub command: Option<String>,
}

/// Verbs that make a plan, and so take decisions.
const PLANNING: &[&str] = &["init", "check", "explain", "plan"];

/// The whole command, with one flag for each option of the table.
pub(super) fn command() -> clap::Command {
    let mut command = Cli::command();
    for verb in PLANNING {
        command = command.mut_subcommand(verb, |command| command.args(OPTIONS.iter().map(flag)));
    }
    command
}

fn flag(option: &Opt) -> Arg {
    let also = format!(
        "[also: {}, `{}` in dockgen.toml]",
        option.variable(),
        option.key
    );
    let arg = Arg::new(option.key)
        .long(option.long())
        .value_name(option.placeholder)
        .help(option.help)
        .long_help(format!("{}\n{also}", option.help))
        .help_heading(help::DECISIONS);
    match option.form {
        Form::Choice(choices) => {
            arg.value_parser(clap::builder::PossibleValuesParser::new(choices))
        }
        Form::Language => arg.value_parser(clap::builder::PossibleValuesParser::new(languages())),
        Form::Folders => arg.action(ArgAction::Append).value_hint(ValueHint::DirPath),
        // Arguments begin with a dash more often than not.
        Form::Words(_) => arg.allow_hyphen_values(true),
        Form::Text | Form::Port | Form::User | Form::Signal => arg,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_is_well_formed() {
        super::command().debug_assert();
    }
}
