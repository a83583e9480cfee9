//! Output for programs: the report, the plan and their schemas.

use serde_json::Value;

use crate::support::TestRepo;

#[test]
fn the_report_of_a_run() {
    let run = TestRepo::web_without_port()
        .run("init --format json")
        .exits(0);
    assert_eq!(run.stderr, "", "everything is in the report");
    let mut report = run.json();
    for file in report["files"].as_array_mut().expect("files") {
        file["diff"] = Value::from("…");
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).expect("JSON"), @r#"
    {
      "version": 1,
      "exit": 0,
      "components": [
        {
          "name": "project",
          "dir": ".",
          "language": "go",
          "frameworks": [],
          "kind": "web",
          "port": 8080,
          "required": [],
          "build": [
            "docker",
            "build",
            "-t",
            "project",
            "."
          ],
          "run": [
            "docker",
            "run",
            "--rm",
            "-p",
            "8080:8080",
            "project"
          ],
          "migrate": []
        }
      ],
      "files": [
        {
          "path": "Dockerfile",
          "component": ".",
          "kind": "create",
          "written": true,
          "diff": "…"
        },
        {
          "path": ".dockerignore",
          "component": ".",
          "kind": "create",
          "written": true,
          "diff": "…"
        }
      ],
      "guesses": [
        {
          "component": ".",
          "what": "port",
          "chosen": "8080",
          "why": "no port was found; this one is usual",
          "at": null,
          "flag": "--port"
        }
      ],
      "diagnostics": []
    }
    "#);
}

#[test]
fn a_failed_run_has_a_report_too() {
    let repo = TestRepo::web().file("Dockerfile", "FROM golang\n");
    let run = repo.run("init --format json").exits(3);
    let report = run.json();
    assert_eq!(report["exit"], 3);
    assert_eq!(report["files"][0]["kind"], "foreign");
    assert_eq!(report["files"][1]["written"], false);
    assert_eq!(report["diagnostics"][0]["code"], "needs-approval");
    assert!(
        run.stderr.contains("needs-approval"),
        "the error is for people too: {}",
        run.stderr
    );
}

#[test]
fn a_repository_without_programs_has_a_report() {
    let report = TestRepo::empty().run("init --format json").exits(2).json();
    assert_eq!(report["exit"], 2);
    assert_eq!(report["diagnostics"][0]["code"], "nothing-found");
}

#[test]
fn warnings_are_part_of_the_report() {
    let run = TestRepo::web()
        .run("init --runtime 1.22 --format json")
        .exits(0);
    assert_eq!(run.json()["diagnostics"][0]["code"], "end-of-life");
    assert_eq!(run.stderr, "");
}

#[test]
fn plan_and_report_are_as_their_schemas_say() {
    let repo = TestRepo::two_components();
    for (schema, value) in [
        ("schema", "plan"),
        ("schema report", "init --format json"),
        ("schema report", "check --format json"),
    ] {
        let schema = repo.run(schema).exits(0).json();
        let value = repo.run(value).exits(0).json();
        fits(&value, &schema, &schema, "");
    }
}

#[test]
fn detectors_are_as_their_schema_says() {
    let schema = TestRepo::empty().run("schema detector").exits(0).json();
    for detector in ["node/next", "python/django", "go/cgo", "any/home"] {
        let file = format!("{}/detectors/{detector}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).expect("it is there");
        let value: Value = toml::from_str(&text).expect("it is TOML");
        fits(&value, &schema, &schema, detector);
    }
    let node = schema["allOf"].as_array().and_then(|all| {
        all.iter()
            .find(|one| one["if"]["properties"]["language"]["const"] == "node")
    });
    let node = node.expect("its keys are there");
    let modules =
        &node["then"]["properties"]["facts"]["properties"]["own"]["properties"]["modules"];
    assert_eq!(modules["enum"], serde_json::json!(["none", "all"]));
}

#[test]
fn the_plan_is_the_same_from_everywhere() {
    let repo = TestRepo::web();
    let here = repo.run("plan").exits(0).stdout;
    let root = repo.root().to_string_lossy().into_owned();
    let there = repo.command(&["plan", &root]).current_dir("/").output();
    let there = there.expect("it runs").stdout;
    assert_eq!(String::from_utf8_lossy(&there), here);
    assert!(!here.contains(&root), "no path of this machine");
}

/// As much of JSON schema as schemars writes for our types.
#[track_caller]
fn fits(value: &Value, schema: &Value, root: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        let target = root
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{at}: no {name}"));
        return fits(value, target, root, at);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice]
            .as_array()
            .filter(|_| schema["type"].is_null())
        {
            let some = choices
                .iter()
                .any(|schema| std::panic::catch_unwind(|| fits(value, schema, root, at)).is_ok());
            assert!(some, "{at}: {value} is none of {choices:?}");
        }
    }
    if !schema["type"].is_null() {
        let name = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let types = &schema["type"];
        let allowed = types == name
            || types
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == name));
        assert!(allowed, "{at}: {value} is no {types}");
    }
    for key in schema["required"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap_or_default();
        assert!(value.get(key).is_some(), "{at}: {key} is missing");
    }
    for (key, own) in value.as_object().into_iter().flatten() {
        let property = &schema["properties"][key.as_str()];
        let free = &schema["additionalProperties"];
        match (property.is_null(), free.is_object()) {
            (false, _) => fits(own, property, root, &format!("{at}/{key}")),
            (true, true) => fits(own, free, root, &format!("{at}/{key}")),
            // Where there are alternatives, they describe the rest.
            (true, false) if schema["oneOf"].is_null() => {
                assert!(
                    schema["properties"].is_null(),
                    "{at}: {key} is not in the schema"
                );
            }
            (true, false) => {}
        }
    }
    if schema["items"].is_object() {
        for (number, item) in value.as_array().into_iter().flatten().enumerate() {
            fits(item, &schema["items"], root, &format!("{at}/{number}"));
        }
    }
}
