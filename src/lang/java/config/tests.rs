use super::*;

fn read(files: &[(&str, &str)], code: &[&str]) -> Vec<(String, String)> {
    let repo = Repo::from_files(files.iter().copied());
    let code: Vec<RelPath> = code.iter().map(|dir| RelPath::new(dir).unwrap()).collect();
    let mut diagnostics = Vec::new();
    let found = settings(&repo, &RelPath::root(), &code, &[], &mut diagnostics);
    assert!(diagnostics.is_empty());
    found
        .into_iter()
        .map(|setting| (setting.name, setting.body))
        .collect()
}

fn value<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = settings.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn both_forms_give_the_same_keys() {
    let settings = read(
        &[
            (
                "src/main/resources/application.properties",
                "# c\nserver.port = ${PORT:8080}\nspring.application.name:demo\nlong=a\\\n  b\nflag\nserver.servlet.contextPath=/x\n",
            ),
            (
                "src/main/resources/application.yml",
                "server:\n  port: 9090\n  servlet:\n    context-path: /api\nmanagement.server.port: 9000\n",
            ),
        ],
        &[],
    );
    let get = |key: &str| value(&settings, key);
    assert_eq!(get("server.port"), Some("${PORT:8080}"));
    assert_eq!(get("spring.application.name"), Some("demo"));
    assert_eq!(get("long"), Some("ab"));
    assert_eq!(get("server.servlet.context-path"), Some("/x"));
    assert_eq!(get("management.server.port"), Some("9000"));
}

#[test]
fn profiles_and_parts() {
    let settings = read(
        &[
            (
                "src/main/resources/application.yml",
                "# only words\n---\na: 1\nspring.profiles.active: ${MODE:dev,mysql}\n---\na: 2\n---\nspring:\n  config:\n    activate:\n      on-profile: docker\na: 3\n---\nspring.config.activate.on-profile: '!docker'\nb: 4\n",
            ),
            ("src/main/resources/application-dev.yml", "c: 5\nd: 6\n"),
            ("src/main/resources/application-mysql.properties", "d=7\n"),
            ("src/main/resources/application-prod.properties", "c=8\n"),
        ],
        &[],
    );
    let get = |key: &str| value(&settings, key);
    assert_eq!(get("a"), Some("2"));
    assert_eq!(get("b"), Some("4"));
    assert_eq!(get("c"), Some("5"));
    assert_eq!(get("d"), Some("7"));
}

#[test]
fn files_of_modules_and_by_other_names() {
    let settings = read(
        &[
            (
                "src/main/resources/application.properties",
                "shop.port=7000",
            ),
            ("lib/src/main/resources/application.properties", "a=1"),
            ("lib/src/main/resources/application.yml", "b: 2"),
            ("lib/src/main/resources/console.properties", "server.port=1"),
            (
                "lib/src/main/resources/shop-server.yml",
                "server.port: ${shop.port:9}\ne: ${x.y:3}\nf: ${X:3}",
            ),
            (
                "lib/src/main/resources/messages.properties",
                "server.port=2",
            ),
        ],
        &["lib"],
    );
    let get = |key: &str| value(&settings, key);
    assert_eq!(get("a"), None);
    assert_eq!(get("b"), Some("2"));
    assert_eq!(get("server.port"), Some("7000"));
    assert_eq!(get("e"), Some("3"));
    assert_eq!(get("f"), Some("${X:3}"));
}
