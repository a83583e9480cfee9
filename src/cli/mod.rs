//! The command line: the only module that prints, prompts or reads the environment.

mod approve;
mod args;
mod bug;
mod check;
mod completions;
mod ended;
mod exit;
mod explain;
mod help;
mod images;
mod init;
mod keep;
mod man;
mod mermaid;
mod next;
mod overview;
mod pipeline;
mod plan;
mod preview;
mod process;
mod prompt;
mod report;
mod schema;
mod settings;
mod style;
mod table;
mod ui;
mod wizard;

use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Cli, Verb};
pub use exit::Exit;
use pipeline::Context;
pub use process::{Process, Stream};
pub use prompt::{Answer, Item, Prompter, Stop};
use ui::Ui;

/// Runs with the process's own arguments, variables and terminal.
pub fn main() -> ExitCode {
    process::with_process(|process| bug::guard(|| run(process))).into()
}

/// Runs one command to its end. Nothing is printed but through `process`.
pub fn run(process: Process<'_>) -> Exit {
    let matches = match args::command().try_get_matches_from(process.arguments) {
        Ok(matches) => matches,
        Err(error) => return wrong_call(&error, process.out, process.err),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return wrong_call(&error, process.out, process.err),
    };
    let ui = Ui::new(&cli.output, process.out, process.err);
    console::set_colors_enabled_stderr(ui.err_paint.is_coloured());
    let Some((_, verb_matches)) = matches.subcommand() else {
        return Exit::Usage;
    };
    let context = Context {
        matches: verb_matches,
        variables: &process.variables,
        today: &process.today,
        ui: &ui,
    };
    let result = match &cli.verb {
        Verb::Init(args) => init::run(args, &context, process.prompter),
        Verb::Check(args) => check::run(args, &context),
        Verb::Explain(args) => explain::run(args, &context),
        Verb::Plan(args) => plan::run(args, &context),
        Verb::Images(args) => images::run(args, &context),
        Verb::Schema(args) => schema::run(args, &ui),
        Verb::Completions(args) => Ok(completions::run(args, &ui)),
        Verb::Man(args) => man::run(args, &ui),
    };
    let exit = result.unwrap_or_else(|failure| {
        if let Some(diagnostic) = &failure.diagnostic {
            ui.diagnostic(diagnostic);
        }
        failure.exit
    });
    match ui.failure() {
        Some(diagnostic) => {
            ui.diagnostic(&diagnostic);
            Exit::Usage
        }
        None => exit,
    }
}

/// Help and version are results; everything else is a wrong call.
fn wrong_call<'p>(error: &clap::Error, out: Stream<'p>, err: Stream<'p>) -> Exit {
    let (stream, exit) = if error.use_stderr() {
        (err, Exit::Usage)
    } else {
        (out, Exit::Done)
    };
    let text = error.render();
    let text = if stream.coloured {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    let _ = stream.to.write_all(text.as_bytes());
    exit
}
