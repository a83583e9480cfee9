//! One table, five faces: each option is a flag, a variable, a key of the file, a `--set` key and
//! part of the file's schema, and all of them mean the same.

use dockgen::plan::options::{Form, OPTIONS, Opt};

use crate::support::TestRepo;

/// A value that the option takes in a repository of one Go program with two mains.
fn sample(option: &Opt) -> &'static str {
    match option.key {
        "args" => "serve --all",
        "base" => "alpine",
        "build-env" => "GOFLAGS=-mod=mod",
        "build-packages" | "packages" => "git",
        "copy" => "go.mod",
        "env" => "MODE=production",
        "expose" => "53/udp 9090",
        "stop-signal" => "SIGINT",
        "user" => "4000:4000",
        "volumes" | "writable" => "/data",
        "components" => ".",
        "health" => "/up",
        "kind" => "worker",
        "language" => "go",
        "main" => "./cmd/right",
        "port" => "4321",
        "runtime" => "1.26",
        _ => "make all",
    }
}

/// The plan without the reasons, which name the face.
fn plan(repo: &TestRepo, words: &[&str]) -> String {
    let mut plan = repo.run_words(&[&["plan"], words].concat()).exits(0).json();
    for decision in plan["images"][0]["decisions"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        decision["because"].take();
    }
    plan.to_string()
}

#[test]
fn every_face_of_an_option_means_the_same() {
    for option in OPTIONS {
        let value = sample(option);
        let flag = option.flag();
        let by_flag = plan(&TestRepo::two_mains(), &[&flag, value]);

        let repo = TestRepo::two_mains().variable(&option.variable(), value);
        assert_eq!(plan(&repo, &[]), by_flag, "{}", option.variable());

        let line = match option.form {
            Form::Port => format!("{} = {value}\n", option.key),
            Form::Folders => format!("{} = [\"{value}\"]\n", option.key),
            _ => format!("{} = \"{value}\"\n", option.key),
        };
        let repo = TestRepo::two_mains().file("dockgen.toml", &line);
        assert_eq!(plan(&repo, &[]), by_flag, "{line}");

        let set = format!("{}={value}", option.key);
        assert_eq!(
            plan(&TestRepo::two_mains(), &["--set", &set]),
            by_flag,
            "--set {set}"
        );

        if option.form != Form::Folders {
            let own = format!("[component.\".\"]\n{line}");
            let repo = TestRepo::two_mains().file("dockgen.toml", &own);
            assert_eq!(plan(&repo, &[]), by_flag, "{own}");
        }
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_every_face() {
    for option in OPTIONS {
        let bad = match option.form {
            Form::Text | Form::Words(_) => "\t",
            Form::User => "root",
            Form::Signal => "TERM",
            Form::Port => "70000",
            Form::Choice(_) | Form::Language => "none-of-them",
            Form::Folders => "../up",
        };
        let key = option.key;
        let refused = |repo: TestRepo, words: &[&str]| {
            let run = repo.run_words(&[&["plan"], words].concat()).exits(2);
            assert!(run.stderr.contains("error"), "{key}: {}", run.stderr);
        };
        refused(TestRepo::web(), &[&option.flag(), bad]);
        refused(TestRepo::web(), &["--set", &format!("{key}={bad}")]);
        refused(TestRepo::web().variable(&option.variable(), bad), &[]);
        let file = match option.form {
            Form::Folders => format!("{key} = [\"{bad}\"]\n"),
            _ => format!("{key} = {bad:?}\n"),
        };
        refused(TestRepo::web().file("dockgen.toml", &file), &[]);
    }
}

#[test]
fn every_option_is_in_the_help_and_in_the_schema() {
    let repo = TestRepo::web();
    let schema = repo.run("schema settings").exits(0).json();
    for verb in ["init", "check", "explain", "plan"] {
        let help = repo.run(&format!("{verb} --help")).exits(0).stdout;
        for option in OPTIONS {
            assert!(
                help.contains(&format!("{} <", option.flag())),
                "{verb}: {}",
                option.key
            );
            assert!(help.contains(&option.variable()), "{verb}: {}", option.key);
        }
    }
    for option in OPTIONS {
        let property = &schema["properties"][option.key];
        assert_eq!(property["description"], option.help, "{}", option.key);
        assert!(option.question.ends_with('?'), "{}", option.key);
    }
}
