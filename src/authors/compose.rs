//! Compose files: the services that this repository's code runs in.

use std::collections::BTreeMap;

use super::asked::asked;
use super::image::Called;
use super::said::{Item, Said, Start, line_of};
use super::shell::{expand_with, is_name, variables};
use crate::parse::{Node, Tree, yaml};
use crate::repo::{RelPath, Source};

/// One service of a compose file.
pub(super) struct Service {
    pub said: Said,
    /// The Dockerfile that it is built from, with what that is given; none for a ready image.
    pub built: Option<(RelPath, Called)>,
    /// The image's name without registry and tag.
    pub image: Option<String>,
}

/// Services that are read from one file.
const MOST: usize = 60;

/// A file that is no YAML, such as a template, says nothing.
pub(super) fn read(source: &Source, weight: u8) -> Vec<Service> {
    let Ok(tree) = yaml(source) else {
        return Vec::new();
    };
    let services = tree.get("services").map(Tree::entries).unwrap_or_default();
    services
        .iter()
        .take(MOST)
        .map(|(name, service)| read_service(source, weight, name, service))
        .collect()
}

fn read_service(source: &Source, weight: u8, name: &str, service: &Tree) -> Service {
    let dir = source.path.parent().unwrap_or_default();
    let mut said = Said::new(&source.path, weight);
    said.names.insert(name.to_owned());
    let built = service.get("build").and_then(|build| called(&dir, build));
    if let Some((_, called)) = &built {
        said.dir.clone_from(&called.context);
    }
    let image = service.get("image").and_then(Tree::text).map(|image| {
        bare_image(&expand_with(image, &BTreeMap::new(), Some("")).unwrap_or_default())
    });
    said.names.extend(image.clone());
    let why = format!("the service {name} says so");
    let mut tell = |needle: &str, item: Item| {
        said.tell(source, &line_of(source, needle), item, &why);
    };
    for port in service.get("ports").map(Tree::items).unwrap_or_default() {
        let text = match port.get("target") {
            Some(target) => target.scalar(),
            None => port.scalar(),
        };
        let Some(text) = text.filter(|text| !text.ends_with("/udp")) else {
            continue;
        };
        let inside =
            expand_with(text, &BTreeMap::new(), None).unwrap_or_else(|| last_part(text).to_owned());
        let inside = inside.rsplit(':').next().unwrap_or_default();
        if let Ok(port) = inside.trim_end_matches("/tcp").parse()
            && port > 0
        {
            tell(text, Item::Port(port));
        }
    }
    for key in ["entrypoint", "command"] {
        if let Some(command) = service.get(key)
            && let Some(words) = command_words(command)
        {
            let start = Start {
                words,
                workdir: String::new(),
            };
            tell(&format!("{key}:"), Item::Start(start));
        }
    }
    if let Some(test) = service.at(&["healthcheck", "test"]) {
        let text = command_words(test).unwrap_or_default().join(" ");
        if let Some(path) = asked(&text, &BTreeMap::new()).and_then(|asked| asked.path) {
            tell("healthcheck:", Item::Health(path));
        }
    }
    for volume in service.get("volumes").map(Tree::items).unwrap_or_default() {
        if let Some((needle, path)) = volume_path(volume) {
            tell(&needle, Item::Volume(path));
        }
    }
    if let Some(signal) = service.get("stop_signal").and_then(Tree::text) {
        tell("stop_signal:", Item::StopSignal(signal.to_owned()));
    }
    if let Some(environment) = service.get("environment") {
        for (needle, name) in required(environment) {
            tell(&needle, Item::Required(name));
        }
    }
    Service { said, built, image }
}

fn called(dir: &RelPath, build: &Tree) -> Option<(RelPath, Called)> {
    let (context, file, target) = match build.text() {
        Some(context) => (context, "Dockerfile", None),
        None => (
            build.get("context").and_then(Tree::text).unwrap_or("."),
            build
                .get("dockerfile")
                .and_then(Tree::text)
                .unwrap_or("Dockerfile"),
            build.get("target").and_then(Tree::text),
        ),
    };
    let context = dir.resolve(context)?;
    let file = context.resolve(file)?;
    let called = Called {
        context,
        target: target.map(str::to_owned),
    };
    Some((file, called))
}

/// `ghcr.io/owner/name:tag@digest` is `name`.
pub(super) fn bare_image(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(':').next().unwrap_or(last).to_owned()
}

/// What stands behind the last `:` that is in no variable.
fn last_part(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
    &text[start..]
}

fn command_words(command: &Tree) -> Option<Vec<String>> {
    if let Some(text) = command.text() {
        return shlex::split(text);
    }
    let mut words: Vec<String> = command.texts().map(str::to_owned).collect();
    match words.first().map(String::as_str) {
        Some("CMD" | "CMD-SHELL") => {
            words.remove(0);
        }
        Some("NONE") | None => return None,
        _ => {}
    }
    Some(words)
}

/// A folder in the container that a volume or a folder of the host is mounted on. Sources,
/// sockets, single files and the system's own folders are none.
fn volume_path(volume: &Tree) -> Option<(String, String)> {
    let (from, to) = match volume.text() {
        Some(text) => {
            let mut parts = text.split(':');
            let first = parts.next()?;
            match parts.next() {
                Some(to) if to != "ro" && to != "rw" => (first, to),
                _ => ("", first),
            }
        }
        None => (
            volume
                .get("source")
                .and_then(Tree::text)
                .unwrap_or_default(),
            volume.get("target").and_then(Tree::text)?,
        ),
    };
    let read_only = volume.text().is_some_and(|text| text.ends_with(":ro"))
        || volume.get("read_only").and_then(Tree::boolean) == Some(true);
    let sources = matches!(
        from,
        "." | "./" | ".." | "../" | "./src" | "$PWD" | "${PWD}"
    );
    let last = to.rsplit('/').next().unwrap_or_default();
    let single = last.contains('.') && !last.starts_with('.');
    let taken = to.starts_with('/') && !read_only && !sources && !single && to != "/";
    taken.then(|| (to.to_owned(), to.trim_end_matches('/').to_owned()))
}

/// A service that passes so many variables through says nothing of which ones it needs.
const MOST_PASSED: usize = 8;

/// Variables that have to be given: keys without a value, and `${NAME:?…}`.
fn required(environment: &Tree) -> Vec<(String, String)> {
    let mut insisted = Vec::new();
    let mut passed = Vec::new();
    let add = |list: &mut Vec<(String, String)>, needle: &str, name: &str| {
        if is_name(name) {
            list.push((needle.to_owned(), name.to_owned()));
        }
    };
    let insists = |value: &str| variables(value).iter().any(|one| one.required);
    let bare = |name: &str, value: &str| {
        let found = variables(value);
        value.starts_with('$')
            && found.len() == 1
            && found[0].default.is_none()
            && found[0].name == name
    };
    for item in environment.texts() {
        match item.split_once('=') {
            None => add(&mut passed, item, item),
            Some((name, value)) if insists(value) => add(&mut insisted, item, name),
            Some((name, value)) if bare(name, value) => add(&mut passed, item, name),
            Some(_) => {}
        }
    }
    for (name, value) in environment.entries() {
        match &value.node {
            Node::Null => add(&mut passed, name, name),
            Node::Text(value) if insists(value) => add(&mut insisted, name, name),
            Node::Text(value) if bare(name, value) => add(&mut passed, name, name),
            _ => {}
        }
    }
    if passed.len() <= MOST_PASSED {
        insisted.extend(passed);
    }
    insisted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(text: &str) -> Vec<Service> {
        let path = RelPath::new("deploy/compose.yaml").unwrap();
        read(&Source::new(path, text), 3)
    }

    fn items(service: &Service) -> Vec<String> {
        service
            .said
            .told
            .iter()
            .map(|told| format!("{:?}", told.item))
            .collect()
    }

    #[test]
    fn a_service_that_is_built() {
        let all = services(
            "services:\n  web:\n    build: { context: .., target: run }\n    command: serve --port 80\n    \
             ports: ['127.0.0.1:${P:-8080}:3000', 53:53/udp]\n    environment:\n      A:\n      B: ${B:?give}\n      \
             C: x\n      D: $D\n    volumes: ['data:/data', './x.yml:/etc/x.yml', '.:/app']\n  db:\n    image: docker.io/library/postgres:17\n",
        );
        let (file, called) = all[0].built.clone().unwrap();
        assert_eq!((file.as_str(), called.context.as_str()), ("Dockerfile", ""));
        assert_eq!(called.target.as_deref(), Some("run"));
        let told = items(&all[0]).join("; ");
        assert_eq!(
            told,
            "Port(3000); Start(Start { words: [\"serve\", \"--port\", \"80\"], workdir: \"\" }); Volume(\"/data\"); \
             Required(\"B\"); Required(\"A\"); Required(\"D\")"
        );
        assert_eq!(all[1].image.as_deref(), Some("postgres"));
    }

    #[test]
    fn what_is_no_compose_file_says_nothing() {
        for text in [
            "",
            "a: [",
            "services: 3",
            "services:\n  a: 4\n  b: {build: ../../../x}",
        ] {
            let all = services(text);
            assert!(all.iter().all(|service| service.built.is_none()), "{text}");
        }
    }
}
