//! The command line: the only module that prints, prompts or reads the environment.

mod args;
mod check;
mod exit;
mod explain;
mod init;
mod pipeline;
mod plan;
mod settings;
mod ui;

use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Cli, Verb};
pub use exit::Exit;
use ui::Ui;

/// Reads the process's arguments, runs the verb and gives its exit code.
pub fn main() -> ExitCode {
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let _ = error.print();
            return code.into();
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return Exit::Usage.into();
        }
    };
    let ui = Ui::new(&cli.output);
    let verb_matches = matches.subcommand().map(|(_, matches)| matches);
    let result = match &cli.verb {
        Verb::Init(args) => init::run(args, verb_matches, &ui),
        Verb::Check(args) => check::run(args, verb_matches, &ui),
        Verb::Explain(args) => explain::run(args, verb_matches, &ui),
        Verb::Plan(args) => plan::run(args, verb_matches, &ui),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.diagnostic(&failure.diagnostic);
            failure.exit.into()
        }
    }
}
