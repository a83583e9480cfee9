//! The head of a Go file: build constraints, the package's name, imports.
//! The grammar is that of <https://go.dev/ref/spec#Source_file_organization> and
//! <https://pkg.go.dev/cmd/go#hdr-Build_constraints>.

/// What stands above a file's first declaration.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'t> {
    pub package: &'t str,
    pub imports: Vec<&'t str>,
    /// The constraints hold for Linux with no tag set.
    pub built: bool,
}

/// Systems and processors that a file's name can end with.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];
const PROCESSORS: &[&str] = &[
    "386", "arm", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
    "s390x", "wasm",
];

/// False for tests and for files that are only for other systems, as their names say.
pub(super) fn is_for_linux(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".go") else {
        return false;
    };
    if stem.ends_with("_test") || stem.starts_with(['_', '.']) {
        return false;
    }
    let mut parts = stem.rsplit('_');
    let last = parts.next().unwrap_or_default();
    // A name without `_` is no suffix: linux.go is for all.
    let Some(before) = parts.next() else {
        return true;
    };
    let is_processor = PROCESSORS.contains(&last) || matches!(last, "amd64" | "arm64");
    let elsewhere = |part: &str| SYSTEMS.contains(&part) || PROCESSORS.contains(&part);
    let has_more = parts.next().is_some();
    !(elsewhere(last) || is_processor && has_more && SYSTEMS.contains(&before))
}

impl<'t> Header<'t> {
    /// `None` for a text without a package clause.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut words = Words { rest: text };
        if words.next()? != "package" {
            return None;
        }
        let head = &text[..text.len() - words.rest.len()];
        let mut header = Self {
            package: words.next()?,
            imports: Vec::new(),
            built: holds(head),
        };
        while words.next() == Some("import") {
            match words.next()? {
                "(" => loop {
                    match words.next() {
                        None => return Some(header),
                        Some(")") => break,
                        Some(word) => header.imports.extend(quoted(word)),
                    }
                },
                word => {
                    let path = quoted(word).or_else(|| quoted(words.next()?));
                    header.imports.extend(path);
                }
            }
        }
        Some(header)
    }
}

fn quoted(word: &str) -> Option<&str> {
    let mark = word.chars().next().filter(|c| matches!(c, '"' | '`'))?;
    word.get(1..)?.strip_suffix(mark)
}

/// Words, text literals and single marks; comments and `;` are passed by.
struct Words<'t> {
    rest: &'t str,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<&'t str> {
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == '\u{feff}');
            if self.rest.starts_with("//") {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
            } else {
                break;
            }
        }
        let first = self.rest.chars().next()?;
        let end = match first {
            '"' | '`' => self.rest[1..]
                .find(first)
                .map_or(self.rest.len(), |at| at + 2),
            c if c.is_alphanumeric() || c == '_' => self
                .rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(self.rest.len()),
            c => c.len_utf8(),
        };
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word)
    }
}

/// Whether the constraints above a package clause hold.
fn holds(head: &str) -> bool {
    let lines = || head.lines().map(str::trim);
    if let Some(line) = lines().find_map(|line| line.strip_prefix("//go:build ")) {
        return Expression {
            rest: line,
            depth: 0,
        }
        .any();
    }
    // The form before Go 1.17: lines are joined by and, words by or, commas by and.
    lines()
        .filter_map(|line| {
            line.strip_prefix("//")?
                .trim_start()
                .strip_prefix("+build ")
        })
        .all(|line| {
            line.split_whitespace().any(|word| {
                word.split(',').all(|tag| match tag.strip_prefix('!') {
                    Some(tag) => !is_set(tag),
                    None => is_set(tag),
                })
            })
        })
}

/// Tags that a build for a container has. Both usual processors count.
fn is_set(tag: &str) -> bool {
    matches!(tag, "linux" | "unix" | "amd64" | "arm64" | "gc" | "cgo") || tag.starts_with("go1.")
}

/// `a && (b || !c)`.
struct Expression<'t> {
    rest: &'t str,
    depth: usize,
}

impl Expression<'_> {
    fn take(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.take("||") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.take("&&") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        let mut negated = false;
        while self.take("!") {
            negated = !negated;
        }
        // Nobody nests so deep; the rest of such a line counts as not set.
        if self.depth < 50 && self.take("(") {
            self.depth += 1;
            let holds = self.any();
            self.depth -= 1;
            self.take(")");
            return holds != negated;
        }
        let end = self
            .rest
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
            .unwrap_or(self.rest.len());
        let (tag, rest) = self.rest.split_at(end);
        self.rest = rest;
        is_set(tag) != negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_in_all_their_forms() {
        let text = "// Package x. import \"no\"\n/* import \"no\" */\npackage x // c\n\nimport \"a\"\nimport (\n\t\"b/c\" // \"no\"\n\t. `d`\n\t_ \"e\"; f \"g\"\n\t/* \"no\" */\n)\n\nimport \"C\"\nvar s = `import \"no\"`\n";
        let header = Header::read(text).unwrap();
        assert_eq!(header.package, "x");
        assert_eq!(header.imports, ["a", "b/c", "d", "e", "g", "C"]);
        assert!(header.built);
        for broken in ["", "func main() {}", "package", "package x\nimport ( \"a"] {
            let imports = Header::read(broken).map(|header| header.imports.len());
            assert!(imports.is_none_or(|found| found <= 1), "{broken}");
        }
    }

    #[test]
    fn constraints() {
        for (line, expected) in [
            ("//go:build ignore", false),
            ("//go:build !windows", true),
            ("//go:build linux && (amd64 || arm64)", true),
            ("//go:build darwin || (unix && !cgo)", false),
            ("//go:build tools && linux", false),
            ("//go:build go1.18", true),
            ("// +build windows linux,amd64", true),
            ("// +build !linux", false),
            ("// go:build ignore", true),
        ] {
            let text = format!("{line}\n\npackage x\n");
            assert_eq!(Header::read(&text).unwrap().built, expected, "{line}");
        }
        let deep = format!("//go:build {}linux\n\npackage x\n", "(".repeat(100_000));
        assert!(!Header::read(&deep).unwrap().built);
    }

    #[test]
    fn names_of_files() {
        for yes in [
            "main.go",
            "windows.go",
            "serve_linux.go",
            "x_linux_arm64.go",
            "a_amd64.go",
        ] {
            assert!(is_for_linux(yes), "{yes}");
        }
        for no in [
            "x_test.go",
            "x_windows.go",
            "x_windows_amd64.go",
            "_x.go",
            "x.txt",
        ] {
            assert!(!is_for_linux(no), "{no}");
        }
    }
}
