//! The languages that are parsed: which grammar reads a file, and where a snippet of it can stand.

use std::sync::OnceLock;

use tree_sitter::Language;

/// A grammar. The kinds of its nodes are numbers of its own, so a pattern is compiled once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grammar {
    Go,
    Java,
    JavaScript,
    TypeScript,
    /// TypeScript with markup.
    Tsx,
    Python,
    Rust,
}

/// Text before and after a snippet that together are a whole file.
pub(super) type Context = (&'static str, &'static str);

impl Grammar {
    /// How many there are.
    pub(super) const COUNT: usize = 7;

    /// By the ending of a file's name.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "go" => Self::Go,
            "java" => Self::Java,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "py" => Self::Python,
            "rs" => Self::Rust,
            _ => return None,
        })
    }

    /// The grammars of a detector's language.
    pub fn of_language(id: &str) -> &'static [Self] {
        match id {
            "go" => &[Self::Go],
            "java" => &[Self::Java],
            "node" => &[Self::JavaScript, Self::TypeScript, Self::Tsx],
            "python" => &[Self::Python],
            "rust" => &[Self::Rust],
            _ => &[],
        }
    }

    /// Loaded once: the names of its kinds live as long as the program.
    pub(super) fn language(self) -> &'static Language {
        static LOADED: [OnceLock<Language>; Grammar::COUNT] =
            [const { OnceLock::new() }; Grammar::COUNT];
        LOADED[self as usize].get_or_init(|| match self {
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
        })
    }

    /// The names of all kinds of nodes and whether each is more than a keyword or an operator, by
    /// number: asking the grammar costs a walk through its text.
    pub(super) fn kinds(self) -> &'static [(&'static str, bool)] {
        static KINDS: [OnceLock<Vec<(&'static str, bool)>>; Grammar::COUNT] =
            [const { OnceLock::new() }; Grammar::COUNT];
        KINDS[self as usize].get_or_init(|| {
            let language = self.language();
            let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
            let kind = |id: u16| {
                let name = language.node_kind_for_id(id).unwrap_or_default();
                (name, language.node_kind_is_named(id))
            };
            (0..count).map(kind).collect()
        })
    }

    /// The places where a snippet may stand. It means what it means in each of them: `a = 1` is a
    /// statement, a declaration and a parameter's default.
    pub(super) fn contexts(self) -> &'static [Context] {
        match self {
            Self::Go => &[
                ("package p\nfunc f() {\n", "\n}\n"),
                ("package p\nvar ", "\n"),
                ("package p\nconst ", "\n"),
                ("package p\nvar x = T{\n", ",\n}\n"),
                ("package p\ntype T struct {\n", "\n}\n"),
                ("package p\n", "\n"),
            ],
            Self::Java => &[
                ("class A { void f() { f(", "); } }"),
                ("class A { void f() { ", " } }"),
                ("class A { int ", "; }"),
                ("class A { ", " }"),
                ("", " class A {}"),
                ("", ""),
            ],
            Self::JavaScript | Self::TypeScript | Self::Tsx => &[
                ("", ""),
                ("let ", ";"),
                ("x = {", "}"),
                ("class A { ", "\n}"),
                ("function f(", ") {}"),
                ("let {", "} = x;"),
                ("", " class A {}"),
            ],
            Self::Python => &[
                ("", "\n"),
                ("def f(", "): pass\n"),
                ("", "\ndef f(): pass\n"),
            ],
            Self::Rust => &[
                ("fn f() { f(", "); }"),
                ("fn f() { ", " }"),
                ("struct A { ", " }"),
                ("fn f() { A { ", " } }"),
                ("", "\nstruct A;"),
                ("", ""),
            ],
        }
    }
}
