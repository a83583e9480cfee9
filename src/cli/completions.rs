use clap_complete::generate;

use super::args::{CompletionsArgs, command};
use super::exit::Exit;
use super::ui::Ui;

pub(super) fn run(args: &CompletionsArgs, ui: &Ui<'_>) -> Exit {
    let mut script = Vec::new();
    generate(args.shell, &mut command(), "dockgen", &mut script);
    ui.out(&String::from_utf8_lossy(&script));
    Exit::Done
}
