//! Texts that people read before they use the program, and what shells make of them.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn the_program() {
    assert_snapshot!(TestRepo::empty().run("--help").exits(0).stdout, @"
    Reads a source repository and writes the container files that an expert would have written by hand:
    a multi-stage Dockerfile, its ignore file and a health check

    Usage: dockgen [OPTIONS] <COMMAND>

    Commands:
      init         Write Dockerfile, ignore file and health check; a wizard on a terminal
      check        Say whether the files on disk are what dockgen would write; exit 1 with a diff if not
      explain      Show each decision: value, where it comes from, how sure it is, and what lost
      plan         Print the plan as JSON: everything decided, nothing rendered
      images       List the base images with the end of their support
      schema       Print the JSON schema of the plan, of the report, of dockgen.toml or of a detector
      completions  Print the completions for a shell
      man          Print a manual page

    Options:
      -q, --quiet         Print results and errors only
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help
      -V, --version       Print version

    Examples:
      dockgen init                     look at this folder, ask what is open, write
      dockgen init --yes --port 3000   ask nothing
      dockgen explain                  why the files are as they are
      dockgen check                    in CI: fail when the files are not up to date

    Exit codes:
      0   done
      1   check found a difference
      2   wrong call or broken input
      3   an answer or a yes is needed; the message names the flag
      70  a bug of dockgen
    ");
}

#[test]
fn init() {
    assert_snapshot!(TestRepo::empty().run("init -h").exits(0).stdout, @"
    Write Dockerfile, ignore file and health check; a wizard on a terminal

    Usage: dockgen init [OPTIONS] [PATH]

    Arguments:
      [PATH]  Root of the repository, which is also the build context [default: .]

    Options:
      -y, --yes              Ask nothing: take the best answers and say which were guesses
          --dry-run          Write nothing; say what would be written
          --diff             Print the changes as a diff
          --force            Replace files that dockgen did not write or that were edited since
          --format <FORMAT>  Form of the report; json asks nothing [default: text] [possible values:
                             text, json]
      -q, --quiet            Print results and errors only
          --color <WHEN>     When to colour [default: auto] [possible values: auto, always, never]
      -h, --help             Print help (see more with '--help')

    Decisions:
          --args <WORDS>               Arguments behind the program, as one text
          --base <BASE>                Kind of base image of the last stage [possible values:
                                       distroless, slim, alpine, static, scratch]
          --build <COMMAND>            Command that builds the program
          --build-env <NAME=VALUE>     Variables of the build commands, as one text
          --build-packages <PACKAGES>  Debian packages that the build needs, as one text
          --component <DIR>            Only the component in this folder, whatever its role; may be
                                       given again
          --copy <PATHS>               Files or folders of the repository that the image takes as well
          --env <NAME=VALUE>           Variables of the running program, as one text
          --expose <PORTS>             Further ports that the program listens on, such as 53/udp
          --health <PATH|tcp|none>     Health check: a path that answers GET, `tcp` or `none`
          --kind <KIND>                What the program is: serves a port, works without one, or ends by
                                       itself [possible values: web, worker, cli, static]
          --language <LANGUAGE>        Language to plan for, where a folder holds several [possible
                                       values: go, java, node, python, rust, static]
          --main <MAIN>                Entry of the program: a Go package, Java class, Python file or
                                       Rust binary
          --name <NAME>                Name of the image in titles and commands
          --packages <PACKAGES>        Debian packages that the running program needs, as one text
          --port <PORT>                Port that the program listens on
          --runtime <VERSION>          Version of the language's runtime
          --start <COMMAND>            Command that starts the program in production
          --stop-signal <SIGNAL>       Signal that ends the program, when it is not SIGTERM
          --user <UID[:GID]>           User of the running program, in numbers
          --volumes <FOLDERS>          Folders of the image that hold data: writable and a volume
          --writable <FOLDERS>         Folders of the image that the program writes to
          --pack <DIR>                 Folder whose detectors and templates stand before the built-in
                                       ones; may be given again
          --all                        Every component gets an image, whatever its role: short for
                                       `--component '*'`
          --set <[DIR:]KEY=VALUE>      Any setting by its key, for one component with DIR in front; may
                                       be given again

    Examples:
      dockgen init                            with questions, on a terminal
      dockgen init ../shop --dry-run --diff   only show what would be written
      dockgen init --yes --main ./cmd/api     several programs, no questions
      dockgen init --component services/api   one of several components
      dockgen init --set services/api:port=9000
      dockgen init --base slim --force        replace what is there
      dockgen init --pack ../our-frameworks   with detectors and templates of your own

    A decision is taken from the flag, else from the DOCKGEN_ variable, else from the wizard's
    answer, else from dockgen.toml, else from what is found in the repository.
    Without a terminal nothing is asked: the best answer is used, and guesses are named.
    ");
}

#[test]
fn a_decision_says_where_else_it_can_be_made() {
    let help = TestRepo::empty().run("init --help").exits(0).stdout;
    let port = &help[help.find("--port").unwrap_or_default()..];
    let port: String = port.split_inclusive('\n').take(3).collect();
    assert_snapshot!(port, @"
    --port <PORT>
              Port that the program listens on
              [also: DOCKGEN_PORT, `port` in dockgen.toml]
    ");
}

#[test]
fn every_command_has_examples() {
    let help = TestRepo::empty().run("--help").exits(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(
        commands,
        [
            "init",
            "check",
            "explain",
            "plan",
            "images",
            "schema",
            "completions",
            "man"
        ]
    );
    for command in commands {
        let help = TestRepo::empty()
            .run(&format!("{command} --help"))
            .exits(0)
            .stdout;
        assert!(
            help.contains(&format!("Examples:\n  dockgen {command}")),
            "{help}"
        );
    }
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = TestRepo::empty()
            .run(&format!("completions {shell}"))
            .exits(0)
            .stdout;
        assert!(
            script.contains("--runtime") || script.contains("l runtime"),
            "{shell}"
        );
    }
}

#[test]
fn manual_pages_are_there() {
    let page = TestRepo::empty().run("man").exits(0).stdout;
    assert!(page.contains(".TH dockgen 1"), "{page}");
    let page = TestRepo::empty().run("man init").exits(0).stdout;
    assert!(
        page.contains(".TH dockgen-init 1") && page.contains("DOCKGEN_PORT"),
        "{page}"
    );
}
