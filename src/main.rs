use std::process::ExitCode;

fn main() -> ExitCode {
    dockgen::cli::main()
}
