//! Manifests of Kubernetes, and Helm's templates and values.

use super::asked::clean_path;
use super::compose::bare_image;
use super::hosts::{path, start};
use super::said::{Item, Said, line_of};
use crate::parse::{Tree, yaml};
use crate::repo::{Source, Span};

/// Documents of one manifest, and containers of one document, that are read.
const MOST: usize = 40;

/// The containers of Kubernetes' workloads.
pub(super) fn kubernetes(source: &Source, weight: u8) -> Vec<Said> {
    let mut all = Vec::new();
    for document in source.text.split("\n---").take(MOST) {
        let part = Source::new(source.path.clone(), document);
        if document.contains("{{") {
            all.extend(lines(source, document, weight));
            continue;
        }
        let Ok(tree) = yaml(&part) else {
            continue;
        };
        let pod = [
            ["spec", "template", "spec", "containers"].as_slice(),
            &["spec", "containers"],
            &[
                "spec",
                "jobTemplate",
                "spec",
                "template",
                "spec",
                "containers",
            ],
        ];
        let containers = pod.iter().find_map(|keys| tree.at(keys));
        let name = tree.at(&["metadata", "name"]).and_then(Tree::text);
        for container in containers
            .map(Tree::items)
            .unwrap_or_default()
            .iter()
            .take(MOST)
        {
            all.push(read_container(source, weight, name, container));
        }
    }
    all
}

fn read_container(source: &Source, weight: u8, name: Option<&str>, container: &Tree) -> Said {
    let mut said = Said::new(&source.path, weight);
    let text = |key: &str| container.get(key).and_then(Tree::text);
    said.names.extend(name.map(str::to_owned));
    said.names.extend(text("name").map(str::to_owned));
    said.names.extend(text("image").map(bare_image));
    let why = "the Kubernetes manifest says so";
    for port in container.get("ports").map(Tree::items).unwrap_or_default() {
        let udp = port.get("protocol").and_then(Tree::text) == Some("UDP");
        if let Some(number) = port.get("containerPort").and_then(Tree::number)
            && let Ok(number @ 1..) = u16::try_from(number)
            && !udp
        {
            let span = line_of(source, &format!("containerPort: {number}"));
            said.tell(source, &span, Item::Port(number), why);
        }
    }
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        let value = container.at(&[probe, "httpGet", "path"]);
        path(&mut said, source, value, why);
    }
    let mut words: Vec<String> = Vec::new();
    for key in ["command", "args"] {
        let list = container.get(key);
        words.extend(
            list.map(Tree::texts)
                .into_iter()
                .flatten()
                .map(str::to_owned),
        );
    }
    if !words.is_empty() && container.get("command").is_some() {
        said.tell(source, &line_of(source, "command:"), start(words), why);
    }
    said
}

/// A template of Helm: lines are read for themselves.
fn lines(source: &Source, document: &str, weight: u8) -> Option<Said> {
    if !document.contains("kind: Deployment") && !document.contains("kind: StatefulSet") {
        return None;
    }
    let mut said = Said::new(&source.path, weight);
    let why = "the Helm template says so";
    let mut probe = false;
    for line in document.lines() {
        let line = line.trim().trim_start_matches("- ");
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match key {
            "containerPort" => {
                if let Ok(port @ 1..) = value.parse() {
                    said.tell(source, &line_of(source, line), Item::Port(port), why);
                }
            }
            "httpGet" => probe = true,
            "path" if probe && value.starts_with('/') => {
                probe = false;
                if let Some(path) = clean_path(value) {
                    said.tell(source, &line_of(source, line), Item::Health(path), why);
                }
            }
            _ => {}
        }
    }
    let folder = source
        .path
        .parent()
        .and_then(|templates| templates.parent());
    said.names
        .extend(folder.map(|chart| chart.name().to_owned()));
    Some(said)
}

/// values.yaml of a Helm chart: the container's port, the probes' path.
pub(super) fn values(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = yaml(source) else {
        return Vec::new();
    };
    let mut said = Said::new(&source.path, weight);
    let chart = source.path.parent().unwrap_or_default();
    said.names.insert(chart.name().to_owned());
    let image = tree.at(&["image", "repository"]).and_then(Tree::text);
    said.names.extend(image.map(bare_image));
    let why = "the chart's values say so";
    for keys in [
        ["containerPort"].as_slice(),
        &["service", "targetPort"],
        &["service", "containerPort"],
        &["containerPorts", "http"],
    ] {
        if let Some(Ok(number @ 1..)) = tree.at(keys).and_then(Tree::number).map(u16::try_from) {
            let span: Span = line_of(source, keys.last().copied().unwrap_or_default());
            said.tell(source, &span, Item::Port(number), why);
        }
    }
    for probe in ["readinessProbe", "livenessProbe"] {
        path(&mut said, source, tree.at(&[probe, "httpGet", "path"]), why);
    }
    vec![said]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    fn told(all: &[Said]) -> String {
        let items = all.iter().flat_map(|said| &said.told);
        items
            .map(|told| match &told.item {
                Item::Start(start) => format!("start {}", start.words.join(" ")),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn source(path: &str, text: &str) -> Source {
        Source::new(RelPath::new(path).unwrap(), text)
    }

    #[test]
    fn clusters() {
        let file = source(
            "k8s/web.yaml",
            "kind: Service\nmetadata: {name: web}\n---\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: r.io/o/web:1\n          command: [/web, serve]\n          ports: [{containerPort: 8080}]\n          readinessProbe: {httpGet: {path: /ready, port: 8080}}\n",
        );
        let all = kubernetes(&file, 5);
        assert_eq!(
            told(&all),
            "Port(8080); Health(\"/ready\"); start /web serve"
        );
        assert!(all[0].names.contains("web"));
        let file = source(
            "charts/app/templates/d.yaml",
            "kind: Deployment\n{{ if x }}\n  - containerPort: 9000\n  livenessProbe:\n    httpGet:\n      path: /live\n{{ end }}\n",
        );
        assert_eq!(told(&kubernetes(&file, 5)), "Port(9000); Health(\"/live\")");
        let file = source(
            "charts/app/values.yaml",
            "service: {port: 80, targetPort: 3000}\n",
        );
        assert_eq!(told(&values(&file, 5)), "Port(3000)");
    }
}
