use clap_mangen::Man;

use super::args::{ManArgs, command};
use super::exit::{Exit, Failure};
use super::ui::Ui;
use crate::diag::{Diagnostic, suggest};

pub(super) fn run(args: &ManArgs, ui: &Ui<'_>) -> Result<Exit, Failure> {
    let mut whole = command();
    whole.build();
    let page = match &args.command {
        None => &whole,
        Some(name) => whole
            .find_subcommand(name)
            .ok_or_else(|| unknown(name, &whole))?,
    };
    let title = page.get_display_name().unwrap_or("dockgen").to_owned();
    let mut text = Vec::new();
    Man::new(page.clone())
        .title(title)
        .source(concat!("dockgen ", env!("CARGO_PKG_VERSION")))
        .manual("dockgen manual")
        .render(&mut text)
        .map_err(|error| Diagnostic::error("output-failed", error.to_string()))?;
    ui.out(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}

fn unknown(name: &str, whole: &clap::Command) -> Diagnostic {
    let known: Vec<&str> = whole
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let help = match suggest(name, known.iter().copied()) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("commands: {}", known.join(", ")),
    };
    Diagnostic::error("unknown-command", format!("there is no command {name}")).with_help(help)
}
