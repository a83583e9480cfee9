//! Each filter's text read back by a decoder that is not ours.

use super::*;

#[test]
fn exec_form_survives_json() {
    for word in [
        "plain",
        "a\"b",
        "a\\",
        "a\nb",
        "$(x)",
        "ü",
        "`id`",
        "<<EOF",
        "\u{202e}\u{e0041}\u{9b}",
    ] {
        let text = exec_form(vec![word.to_owned()]).unwrap().to_string();
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [word]);
        assert!(!text.contains('\n'));
    }
}

#[test]
fn a_word_stays_one_word() {
    for word in [
        "a b", "it's", "$(id)", "`id`", "a;b", "*", "", "#x", "<<EOF", "a<<<b", "'<<'",
    ] {
        let quoted = sh_word(word).unwrap();
        assert_eq!(shlex::split(&quoted).unwrap(), [word], "{quoted}");
        assert!(!quoted.contains("<<"), "{quoted}");
    }
    assert!(sh_word("a\nRUN id").is_err());
}

#[test]
fn only_the_star_keeps_its_meaning() {
    assert_eq!(glob("target/app-*.jar").unwrap(), "target/app-*.jar");
    assert_eq!(glob("a b/$(id)-*.jar").unwrap(), "'a b/$(id)-'*.jar");
    assert!(glob("a\nb*").is_err());
    assert!(glob("-rf*").is_err());
}

#[test]
fn copy_uses_json_form_when_it_must() {
    let plain = copy(Value::from("go.mod"), "./".to_owned())
        .unwrap()
        .to_string();
    assert_eq!(plain, "go.mod ./");
    let odd = copy(Value::from("a b/[x]"), "./".to_owned())
        .unwrap()
        .to_string();
    assert_eq!(odd, r#"["a b/\\\\[x]", "./"]"#);
    let flag = copy(Value::from("--from=evil"), "./".to_owned())
        .unwrap()
        .to_string();
    assert!(flag.starts_with('['), "{flag}");
}

/// Texts of marks that mean something to BuildKit, a shell, JSON or a glob.
fn text() -> impl proptest::strategy::Strategy<Value = String> {
    "[a-c \\\\`$\"'#<,*?!={}\\[\\]|;&()~%\u{e9}\u{1f980}-]{1,12}"
}

fn parsed(line: &str) -> parse_dockerfile::Instruction<'static> {
    let text = format!("FROM a\n{line}\n").leak();
    let parsed = parse_dockerfile::parse(text).unwrap_or_else(|error| panic!("{error}: {line}"));
    let mut instructions = parsed.instructions;
    assert_eq!(instructions.len(), 2, "{line}");
    instructions.remove(1)
}

/// What BuildKit does to a word of COPY behind JSON: escapes and quotes go, `$` expands.
fn buildkit_word(word: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(chars.next()?),
            '"' | '\'' | '$' => return None,
            _ => plain.push(c),
        }
    }
    Some(plain)
}

proptest::proptest! {
    #[test]
    fn any_word_comes_back_from_a_shell(words in proptest::collection::vec(text(), 1..4)) {
        let line = super::words(words.clone()).unwrap().to_string();
        assert_eq!(shlex::split(&line).unwrap(), words);
        assert!(!line.contains("<<") && !line.contains('\n'));
        match parsed(&format!("RUN {line}")) {
            parse_dockerfile::Instruction::Run(run) => assert!(run.here_docs.is_empty()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_command_comes_back_from_json(words in proptest::collection::vec(".{0,12}", 1..4)) {
        let line = exec_form(words.clone()).unwrap().to_string();
        assert_eq!(serde_json::from_str::<Vec<String>>(&line).unwrap(), words);
        match parsed(&format!("CMD {line}")) {
            parse_dockerfile::Instruction::Cmd(cmd) => match cmd.arguments {
                parse_dockerfile::Command::Exec(_) => {}
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_path_comes_back_from_copy(sources in proptest::collection::vec(text(), 1..4), to in text()) {
        let to = format!("{to}/");
        let line = copy(Value::from(sources.clone()), to.clone()).unwrap().to_string();
        let parse_dockerfile::Instruction::Copy(copy) = parsed(&format!("COPY {line}")) else {
            panic!("{line}");
        };
        assert!(copy.options.is_empty(), "{line}");
        assert_eq!(buildkit_word(&copy.dest.value).unwrap(), to);
        assert_eq!(copy.src.len(), sources.len());
        for (written, source) in copy.src.iter().zip(&sources) {
            let parse_dockerfile::Source::Path(path) = written else { panic!("{line}") };
            let glob = buildkit_word(&path.value).unwrap();
            let glob = glob.replace('{', "\\{").replace('}', "\\}");
            let glob = crate::parse::PathGlob::new(&glob).unwrap();
            assert!(glob.is_match(source), "{line} for {source:?}");
            assert!(!glob.is_match(&format!("{source}x")), "{line} for {source:?}");
        }
    }

    #[test]
    fn any_value_comes_back_from_env(values in proptest::collection::vec(text(), 1..4)) {
        let named = values
            .iter()
            .map(|value| Named { name: "A".to_owned(), value: value.clone() })
            .collect();
        let line = pairs(Serde(named)).unwrap().to_string();
        let parse_dockerfile::Instruction::Env(env) = parsed(&format!("ENV {line}")) else {
            panic!("{line}");
        };
        let words = shlex::split(&env.arguments.value).unwrap();
        let want: Vec<String> = values.iter().map(|value| format!("A={value}")).collect();
        assert_eq!(words, want, "{line}");
    }
}
