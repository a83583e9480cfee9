//! Questions about the place of a node: what is assigned around it, who calls it, who imports it.

use super::names::last_name;
use super::pattern::CodePattern;
use super::tree::{NodeId, Tree};

impl Tree {
    /// Whether a node stands in the arguments of a call, not in what is called.
    pub fn is_argument(&self, call: NodeId, node: NodeId) -> bool {
        self.field(call, "arguments")
            .is_some_and(|arguments| self.subtree(arguments).contains(&node))
    }

    /// What a call's method is called on: `a.b()` of `a.b().c()`.
    pub fn receiver(&self, call: NodeId) -> Option<NodeId> {
        let callee = self
            .field(call, "function")
            .filter(|_| self.is_call(call))?;
        let dotted = self.kind(callee).ends_with("member_expression")
            || matches!(
                self.kind(callee),
                "attribute" | "selector_expression" | "field_expression"
            );
        self.children(callee).next().filter(|_| dotted)
    }

    pub fn name_of(&self, function: NodeId) -> Option<&str> {
        self.field(function, "name").map(|name| self.text(name))
    }

    /// The name that the expression around a node is assigned to, within the same function.
    pub fn assigned_around(&self, node: NodeId) -> Option<&str> {
        let assigns = |around: &NodeId| {
            matches!(
                self.kind(*around),
                "let_declaration" | "variable_declarator" | "short_var_declaration" | "assignment"
            )
        };
        let inside = |around: &NodeId| !self.kind(*around).contains("function");
        let around = self.ancestors(node).take_while(inside).find(assigns)?;
        let name = ["pattern", "name", "left"]
            .into_iter()
            .find_map(|field| self.field(around, field))?;
        last_name(self, name)
    }

    /// The place of a function's parameter.
    pub fn parameter(&self, function: NodeId, name: &str) -> Option<usize> {
        let parameters = self.field(function, "parameters")?;
        self.children(parameters)
            .filter(|parameter| !matches!(self.text(*parameter), "self" | "&self" | "&mut self"))
            .position(|parameter| {
                let own = self
                    .field(parameter, "name")
                    .or_else(|| self.field(parameter, "pattern"))
                    .unwrap_or_else(|| {
                        // Python's `name: Type` has no field for the name.
                        self.children(parameter).next().unwrap_or(parameter)
                    });
                self.text(own) == name
            })
    }

    /// Whether the file gives a name a value.
    pub fn defines(&self, name: &str) -> bool {
        let known = self.definitions(name);
        known.is_some_and(|known| !known.values.is_empty())
    }

    /// Whether a name is given something that one of the patterns fits.
    pub fn definition_fits(&self, name: &str, patterns: &[CodePattern]) -> bool {
        let Some(definitions) = self.definitions(name) else {
            return false;
        };
        let mut values = definitions.values.iter();
        values.any(|value| patterns.iter().any(|pattern| self.holds(pattern, *value)))
    }

    /// The first call of a function from outside of it, with the argument at a place.
    pub fn call_of(&self, name: &str, place: usize) -> Option<(NodeId, NodeId)> {
        let calls = self.all().filter(|node| self.is_call(*node));
        calls
            .filter(|call| {
                let callee = self
                    .field(*call, "function")
                    .or_else(|| self.field(*call, "name"));
                callee.and_then(|callee| last_name(self, callee)) == Some(name)
            })
            .find_map(|call| {
                let arguments = self.field(call, "arguments")?;
                Some((call, self.children(arguments).nth(place)?))
            })
    }

    /// The names that a file imports from a module whose path ends with this name.
    pub fn imported_from(&self, module: &str) -> Vec<String> {
        let word = |c: char| !(c.is_alphanumeric() || c == '_' || c == '$');
        let mut names = Vec::new();
        for node in self.all() {
            let kind = self.kind(node);
            let imports = kind.starts_with("import_") && kind != "import_specifier"
                || kind == "use_declaration"
                || kind == "variable_declarator" && self.text(node).contains("require(");
            let text = self.text(node);
            if imports && text.len() < 2000 && text.split(word).any(|part| part == module) {
                let parts = text.split(word);
                names.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
            }
        }
        names.retain(|name| {
            !matches!(
                name.as_str(),
                "import" | "from" | "const" | "require" | "use"
            )
        });
        names
    }
}
