use roxmltree::{Document, Node as XmlNode, ParsingOptions};

use super::tree::{Node, Tree};
use crate::diag::{Diagnostic, Location, Result};
use crate::text::Source;

/// Elements below each other that are read; what stands deeper is left out.
const DEPTH: usize = 60;

/// An XML file as a table of one entry, the root element. An element with child elements is a
/// table in the order of the file, in which a name may stand several times; any other element is
/// its trimmed text. Attributes, comments and name spaces are left out.
///
/// A document type is refused: it is where entity bombs and fetches of outside files come from.
pub fn xml(source: &Source) -> Result<Tree> {
    let options = ParsingOptions {
        allow_dtd: false,
        ..ParsingOptions::default()
    };
    match Document::parse_with_options(&source.text, options) {
        Ok(document) => {
            let root = document.root_element();
            let entry = (root.tag_name().name().to_owned(), convert(root, DEPTH));
            Ok(Tree::new(Node::Table(vec![entry]), root.range()))
        }
        Err(error) => {
            let position = error.pos();
            Err(Diagnostic::error("invalid-xml", error.to_string())
                .at(Location {
                    path: source.path.clone(),
                    line: Some(position.row as usize),
                    column: Some(position.col as usize),
                })
                .with_help("correct the file; dockgen treats it as if it were not there"))
        }
    }
}

fn convert(element: XmlNode<'_, '_>, depth: usize) -> Tree {
    let mut entries: Vec<(String, Tree)> = Vec::new();
    if depth > 0 {
        for child in element.children().filter(XmlNode::is_element) {
            let name = child.tag_name().name().to_owned();
            entries.push((name, convert(child, depth - 1)));
        }
    }
    if !entries.is_empty() {
        return Tree::new(Node::Table(entries), element.range());
    }
    let text: String = element
        .children()
        .filter(XmlNode::is_text)
        .filter_map(|child| child.text())
        .collect();
    Tree::new(Node::Text(text.trim().to_owned()), element.range())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RelPath;

    fn read(text: &str) -> Result<Tree> {
        xml(&Source::new(RelPath::root().join("pom.xml"), text))
    }

    #[test]
    fn elements_become_tables_and_texts() {
        let tree = read(
            "<?xml version=\"1.0\"?>\n<!-- c --><project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  \
             <name> a <!-- b -->&amp; b </name>\n  <modules><module>x</module><module>y</module></modules>\n<empty/></project>",
        )
        .unwrap();
        let project = tree.get("project").unwrap();
        assert_eq!(project.get("name").unwrap().text(), Some("a & b"));
        assert_eq!(project.get("empty").unwrap().text(), Some(""));
        let modules = project.get("modules").unwrap().entries();
        assert_eq!(modules.len(), 2);
        assert_eq!(modules[1].1.text(), Some("y"));
    }

    #[test]
    fn bombs_and_broken_files_are_diagnostics() {
        let bomb =
            "<!DOCTYPE p [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><project>&b;</project>";
        assert!(read(bomb).is_err());
        let outside =
            "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><project>&x;</project>";
        assert!(read(outside).is_err());
        let cut = read("<project>\n<name>x</nam>\n</project>").unwrap_err();
        assert_eq!(cut.at.unwrap().line, Some(2));
        assert!(read("").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        let _ = read(&deep);
        let deeper = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        let _ = read(&deeper);
    }
}
