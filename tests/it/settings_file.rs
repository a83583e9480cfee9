//! dockgen.toml: mistakes in it are shown at their place, and nothing is written.

use insta::assert_snapshot;

use crate::support::TestRepo;

fn mistake(text: &str) -> String {
    let repo = TestRepo::web().file("dockgen.toml", text);
    let run = repo.run("init").exits(2);
    assert!(!repo.has("Dockerfile"));
    run.stderr
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_name() {
    assert_snapshot!(mistake("# ours\nprot = 3000\n"), @"
    error[unknown-setting]: there is no setting prot
     --> dockgen.toml:2:1
      |
    2 | prot = 3000
      | ^^^^
      |
      = help: did you mean port?
    ");
}

#[test]
fn a_value_that_does_not_fit_is_shown() {
    assert_snapshot!(mistake("port = 70000\n"), @"
    error[invalid-setting]: port must be a number from 1 to 65535, not 70000
     --> dockgen.toml:1:8
      |
    1 | port = 70000
      |        ^^^^^
      |
      = help: Port that the program listens on
    ");
    assert_snapshot!(mistake("kind = \"webb\"\n"), @r#"
    error[invalid-setting]: kind must be one of web, worker, cli, static, not webb
     --> dockgen.toml:1:8
      |
    1 | kind = "webb"
      |        ^^^^^^
      |
      = help: did you mean web?
    "#);
    assert_snapshot!(mistake("[component.\".\"]\nport = [1]\n"), @"
    error[invalid-setting]: port needs text or a number
     --> dockgen.toml:2:8
      |
    2 | port = [1]
      |        ^^^
      |
      = help: Port that the program listens on
    ");
    assert_snapshot!(mistake("components = \"api\"\n"), @r#"
    error[invalid-setting]: components needs a list of folders
     --> dockgen.toml:1:14
      |
    1 | components = "api"
      |              ^^^^^
      |
      = help: write components = ["dir"]
    "#);
}

#[test]
fn a_component_that_is_not_there_is_a_mistake() {
    assert_snapshot!(mistake("\n[component.api]\nport = 3000\n"), @"
    error[no-such-component]: there is no component in api
    --> dockgen.toml:3
     = help: found: .
    ");
}

#[test]
fn a_file_that_is_no_toml_is_shown() {
    assert_snapshot!(mistake("port 3000\n"), @"
    error[invalid-toml]: key with no value, expected `=`
     --> dockgen.toml:1:6
      |
    1 | port 3000
      |      ^
    ");
}

#[test]
fn a_component_cannot_choose_components() {
    let said = mistake("[component.\".\"]\ncomponents = [\".\"]\n");
    assert!(said.contains("unknown-setting"), "{said}");
}

#[test]
fn a_version_may_stand_without_quotes() {
    let repo = TestRepo::web().file("dockgen.toml", "runtime = 1.20\n");
    repo.run("init").exits(0);
    assert!(repo.read("Dockerfile").contains("golang:1.20-"));
}

#[test]
fn a_setting_without_effect_is_told() {
    let repo = TestRepo::web().file("dockgen.toml", "start = \"./api\"\n");
    let run = repo.run("check").exits(1);
    assert_snapshot!(run.stderr, @"
    warning[unused-setting]: start has no effect here
    --> dockgen.toml:1
     = help: nothing is decided by it for go
    2 files are not as dockgen would write them; `dockgen init` writes them
    ");
}

#[test]
fn a_variable_that_does_not_exist_is_told() {
    let repo = TestRepo::web().variable("DOCKGEN_PROT", "80");
    let run = repo.run("explain").exits(0);
    assert_snapshot!(run.stderr, @"
    warning[unknown-variable]: the variable DOCKGEN_PROT is none that dockgen reads
      help: did you mean DOCKGEN_PORT?
    ");
}
