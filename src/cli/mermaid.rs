//! The stages of each Dockerfile and what is copied between them, as a mermaid graph. Read from
//! the rendered text, so that it shows what a builder will see.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use parse_dockerfile::{CopyInstruction, Flag, Instruction, Source};

use super::style::one_line;
use crate::plan::{Image, Plan, Syntax};
use crate::write::OutputFile;

/// One flowchart with a subgraph for each component. Text that is no Dockerfile is left out.
pub(super) fn draw(plan: &Plan, files: &[OutputFile]) -> String {
    let mut chart = String::from("flowchart TD\n");
    for (number, (component, outputs)) in plan.with_outputs().enumerate() {
        let dockerfile = outputs
            .iter()
            .find(|output| output.syntax == Syntax::Dockerfile);
        let text = dockerfile.and_then(|output| {
            let file = files.iter().find(|file| file.path == output.path);
            file.map(|file| file.text.as_str())
        });
        if let Some(graph) = text.and_then(|text| Graph::read(text, component)) {
            chart.push_str(&graph.draw(number, component));
        }
    }
    chart
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// The build context.
    Context,
    /// By its place among the images.
    Image(usize),
    /// By its place in the file.
    Stage(usize),
}

struct Graph {
    images: Vec<String>,
    stages: Vec<String>,
    /// What goes from one node to another; empty for `FROM`.
    edges: BTreeMap<(Node, Node), Vec<String>>,
}

impl Graph {
    fn read(text: &str, component: &Image) -> Option<Self> {
        let file = parse_dockerfile::parse(text).ok()?;
        let mut graph = Self {
            images: Vec::new(),
            stages: Vec::new(),
            edges: BTreeMap::new(),
        };
        for instruction in &file.instructions {
            match instruction {
                Instruction::From(from) => {
                    let base = graph.source(&from.image.value);
                    let name = from.as_.as_ref().map(|(_, name)| name.value.to_string());
                    graph
                        .stages
                        .push(name.unwrap_or_else(|| component.name.clone()));
                    graph.edge(base, None);
                }
                Instruction::Copy(copy) => graph.copy(copy),
                Instruction::Run(run) => {
                    for mount in run.options.iter().filter(|flag| flag.name.value == "mount") {
                        graph.mount(mount);
                    }
                }
                _ => {}
            }
        }
        Some(graph)
    }

    fn copy(&mut self, copy: &CopyInstruction<'_>) {
        let from = copy
            .options
            .iter()
            .find(|flag| flag.name.value == "from")
            .and_then(|flag| flag.value.as_ref())
            .map_or(Node::Context, |name| self.source(&name.value));
        for source in &copy.src {
            // A file that is written in the Dockerfile itself comes from nowhere else.
            if let Source::Path(path) = source {
                let whole = from == Node::Context && matches!(path.value.as_ref(), "." | "./");
                let what = if whole { "everything" } else { &path.value };
                self.edge(from, Some(what));
            }
        }
    }

    /// A bind mount shows files of another stage or of the context to one command.
    fn mount(&mut self, mount: &Flag<'_>) {
        let fields: BTreeMap<&str, &str> = mount
            .value
            .iter()
            .flat_map(|value| value.value.split(','))
            .filter_map(|field| field.split_once('='))
            .collect();
        if fields.get("type") != Some(&"bind") {
            return;
        }
        let from = fields
            .get("from")
            .map_or(Node::Context, |name| self.source(name));
        let what = fields.get("source").or_else(|| fields.get("target"));
        self.edge(from, Some(what.copied().unwrap_or("everything")));
    }

    /// A stage above, by name or by number, else an image.
    fn source(&mut self, name: &str) -> Node {
        let number = name.parse().ok().filter(|at| *at < self.stages.len());
        let stage = self.stages.iter().rposition(|stage| stage == name);
        if let Some(at) = stage.or(number) {
            return Node::Stage(at);
        }
        let known = self.images.iter().position(|image| image == name);
        Node::Image(known.unwrap_or_else(|| {
            self.images.push(name.to_owned());
            self.images.len() - 1
        }))
    }

    /// An edge to the stage that is being read.
    fn edge(&mut self, from: Node, what: Option<&str>) {
        let Some(stage) = self.stages.len().checked_sub(1) else {
            return;
        };
        let labels = self.edges.entry((from, Node::Stage(stage))).or_default();
        if let Some(what) = what
            && labels.iter().all(|label| label != what)
        {
            labels.push(what.to_owned());
        }
    }

    fn draw(&self, number: usize, component: &Image) -> String {
        let id = |node: Node| match node {
            Node::Context => format!("c{number}_context"),
            Node::Image(at) => format!("c{number}_image{at}"),
            Node::Stage(at) => format!("c{number}_stage{at}"),
        };
        let title = if component.dir.is_root() {
            component.name.clone()
        } else {
            format!("{} ({})", component.name, component.dir)
        };
        let mut text = format!("  subgraph c{number}[{}]\n", label(&title));
        if self.edges.keys().any(|(from, _)| *from == Node::Context) {
            let name = label("build context");
            let _ = writeln!(text, "    {}[/{name}/]", id(Node::Context));
        }
        for (at, image) in self.images.iter().enumerate() {
            let _ = writeln!(text, "    {}([{}])", id(Node::Image(at)), label(image));
        }
        for (at, stage) in self.stages.iter().enumerate() {
            let last = at + 1 == self.stages.len();
            let (open, close) = if last { ("[[", "]]") } else { ("[", "]") };
            let name = label(stage);
            let _ = writeln!(text, "    {}{open}{name}{close}", id(Node::Stage(at)));
        }
        for ((from, to), labels) in &self.edges {
            let arrow = if labels.is_empty() {
                "-->".to_owned()
            } else {
                format!("-->|{}|", label(&labels.join("\n")))
            };
            let _ = writeln!(text, "    {} {arrow} {}", id(*from), id(*to));
        }
        text.push_str("  end\n");
        text
    }
}

/// A quoted label; what has a meaning to mermaid is written as its entity.
fn label(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            quoted.push_str("<br>");
        }
        for c in one_line(line).chars() {
            match c {
                '"' => quoted.push_str("#quot;"),
                '<' => quoted.push_str("#lt;"),
                '>' => quoted.push_str("#gt;"),
                '&' => quoted.push_str("#amp;"),
                '#' | '`' | ';' | '\\' => {
                    let _ = write!(quoted, "#{};", u32::from(c));
                }
                _ => quoted.push(c),
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_itself() {
        assert_eq!(label("a\"] --> b"), "\"a#quot;] --#gt; b\"");
        assert_eq!(label("a\nb;#"), "\"a<br>b#59;#35;\"");
    }
}
