//! Repositories of several programs.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn each_has_its_files_and_the_root_is_the_context() {
    let repo = TestRepo::two_components();
    repo.run("init --yes").exits(0);
    assert_eq!(
        repo.files_beside(&["api/go.mod", "api/main.go", "shop/go.mod", "shop/main.go"]),
        [
            "api/Dockerfile",
            "api/Dockerfile.dockerignore",
            "shop/Dockerfile",
            "shop/Dockerfile.dockerignore",
        ]
    );
    assert!(repo.read("api/Dockerfile").contains("COPY api/go.mod"));
}

#[test]
fn one_of_them() {
    for words in [
        "--component shop",
        "--component ./shop/",
        "--set components=shop",
    ] {
        let repo = TestRepo::two_components();
        let run = repo.run(&format!("init {words}")).exits(0);
        assert!(
            repo.has("shop/Dockerfile") && !repo.has("api/Dockerfile"),
            "{words}"
        );
        assert!(
            run.stderr
                .contains("docker build -t shop -f shop/Dockerfile ."),
            "{}",
            run.stderr
        );
    }
    let repo = TestRepo::two_components().file("dockgen.toml", "components = [\"api\"]\n");
    assert!(!repo.run("explain").exits(0).stdout.contains("shop"));
    let both = repo
        .run("explain --component api --component shop")
        .exits(0);
    assert!(
        both.stdout.contains("shop"),
        "the flag stands above the file"
    );
}

#[test]
fn one_that_is_not_there() {
    let run = TestRepo::two_components()
        .run("init --component web")
        .exits(2);
    assert_snapshot!(run.stderr, @"
    error[no-such-component]: there is no component in web
      help: found: api, shop
    ");
    let run = TestRepo::two_components()
        .run("init --set web:port=1")
        .exits(2);
    assert_snapshot!(run.stderr, @"
    error[no-such-component]: the flag --set web:port: there is no component in web
      help: found: api, shop
    ");
}

#[test]
fn a_setting_for_one_of_them() {
    let repo = TestRepo::two_components();
    repo.run("init --set shop:port=7001").exits(0);
    assert!(repo.read("api/Dockerfile").contains("EXPOSE 9000\n"));
    assert!(repo.read("shop/Dockerfile").contains("EXPOSE 7001\n"));
}

#[test]
fn a_guess_says_whose_it_is() {
    let repo = TestRepo::two_components().file("shop/main.go", "package main\n\nfunc main() {}\n");
    let run = repo.run("init").exits(0);
    assert!(
        run.stderr.starts_with("guess: shop: kind cli"),
        "{}",
        run.stderr
    );
}

#[test]
fn of_many_only_some_commands_are_printed() {
    let mut repo = TestRepo::two_components();
    for name in ["a", "b", "c", "d"] {
        repo = repo.go_module(name).file(
            &format!("{name}/main.go"),
            "package main\n\nfunc main() {}\n",
        );
    }
    let run = repo.run("init").exits(0);
    assert!(
        run.stderr.ends_with("  and so on for 2 more\n"),
        "{}",
        run.stderr
    );
}
