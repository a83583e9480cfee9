//! What names stand for: in the function around them, in their file, where the function is called,
//! in other files.

use super::follow::Follow;
use super::names::{Owner, last_name, owner};
use super::tree::{NodeId, Tree};
use super::value::Value;
use crate::repo::RelPath;

/// Values of one name that are looked at.
const MOST_VALUES: usize = 16;
/// Other files that a name is looked for in.
const MOST_FILES: usize = 8;

impl Follow<'_> {
    /// The value of a name. `of` is the name before the dot.
    pub(super) fn name(&self, tree: &Tree, node: NodeId, of: Option<&str>, depth: usize) -> Value {
        let Some(name) = last_name(tree, node) else {
            return Value::default();
        };
        let local = self.defined(tree, name, Some(node), of, depth);
        if local.is_known() {
            return local;
        }
        if of.is_none()
            && let Some(given) = self.given(tree, node, name, depth)
        {
            return local.or(|| given);
        }
        let constant = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.len() > 3;
        if of.is_none() && !constant {
            return local;
        }
        local.or(|| self.elsewhere(tree, name, of, depth))
    }

    /// The value of a name that stands in a text.
    pub(super) fn named(&self, tree: &Tree, user: NodeId, name: &str, depth: usize) -> Value {
        let local = self.defined(tree, name, Some(user), None, depth);
        if local.is_known() {
            return local;
        }
        let given = self.given(tree, user, name, depth);
        local.or(|| given.unwrap_or_default())
    }

    /// What a file gives to a name; the function around the user comes first. `of` is the name
    /// before the dot. A field has as many owners as the file has types: those that are called like
    /// what stands before the dot count alone, else the values must agree.
    fn defined(
        &self,
        tree: &Tree,
        name: &str,
        user: Option<NodeId>,
        of: Option<&str>,
        depth: usize,
    ) -> Value {
        let Some(definitions) = tree.definitions(name) else {
            return Value::default();
        };
        let function = user.and_then(|user| tree.function_around(user));
        let near = |value: &NodeId| {
            function.is_some_and(|function| tree.subtree(function).contains(value))
        };
        let own = |value: &NodeId| user.is_none_or(|user| !tree.subtree(*value).contains(&user));
        let mut values: Vec<NodeId> = definitions.values.iter().copied().filter(own).collect();
        let is_field = of.is_some();
        if let Some(of) = of {
            let is_same = |name: &str| same_name(name, of);
            values.retain(|value| match owner(tree, *value) {
                Some(Owner::Object(name)) => is_same(name) || matches!(name, "self" | "this"),
                _ => true,
            });
            let called_so = |value: &NodeId| match owner(tree, *value) {
                Some(Owner::Object(name) | Owner::Type(name)) => is_same(name),
                None => false,
            };
            if values.iter().any(called_so) {
                values.retain(called_so);
            }
        }
        values.sort_by_key(|value| !near(value));
        let mut found = Value::default();
        for value in values.into_iter().take(MOST_VALUES) {
            let next = self.value(tree, value, depth);
            if is_field
                && found.is_known()
                && next.is_known()
                && !next.is_blank()
                && next.text() != found.text()
                && !near(&value)
            {
                return Value::default();
            }
            found = found.meet(next);
        }
        found
    }

    /// What callers in the same file give for a parameter of the function around its user.
    fn given(&self, tree: &Tree, node: NodeId, name: &str, depth: usize) -> Option<Value> {
        let function = tree.function_around(node)?;
        let own_name = tree.text(tree.field(function, "name")?);
        let place = tree.parameter(function, name)?;
        let mut found = Value::default();
        for call in tree.all().filter(|node| tree.is_call(*node)) {
            let callee = tree
                .field(call, "function")
                .or_else(|| tree.field(call, "name"));
            if callee.and_then(|callee| last_name(tree, callee)) != Some(own_name) {
                continue;
            }
            let arguments = tree.field(call, "arguments")?;
            let argument = tree.children(arguments).nth(place);
            if let Some(argument) =
                argument.filter(|argument| !tree.subtree(function).contains(argument))
            {
                found = found.meet(self.value(tree, argument, depth));
            }
        }
        Some(found).filter(Value::says)
    }

    /// In other files: in those that the name before the dot names or that stand beside this one,
    /// else anywhere when it is given only one value.
    fn elsewhere(&self, tree: &Tree, name: &str, of: Option<&str>, depth: usize) -> Value {
        let here = &tree.source.path;
        let is_named = |file: &RelPath| {
            let stem = file.name().split('.').next().unwrap_or_default();
            let parent = file.parent().unwrap_or_default();
            match of {
                Some(of) => of.eq_ignore_ascii_case(stem) || of.eq_ignore_ascii_case(parent.name()),
                None => {
                    here.as_str().ends_with(parent.as_str())
                        && here.parent().map(|dir| dir.name().to_owned())
                            == Some(parent.name().to_owned())
                }
            }
        };
        let mut files = self.files.with_word(name);
        files.sort_by_key(|file| !is_named(file));
        let mut found: Option<Value> = None;
        for file in files.into_iter().take(MOST_FILES) {
            let named = is_named(&file);
            // Short names are in every file.
            if !named && name.len() < 6 {
                break;
            }
            let Some(other) = self.files.tree(&file) else {
                continue;
            };
            if other.source.path == *here {
                continue;
            }
            let value = self.defined(&other, name, None, of, depth);
            if !value.is_known() {
                continue;
            }
            if named {
                return value;
            }
            match &found {
                Some(known) if known.text() != value.text() => return Value::default(),
                _ => found = Some(value),
            }
        }
        found.unwrap_or_default()
    }
}

/// `SETTINGS`, `settings` and `Settings` name one thing and its type.
fn same_name(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.replace('_', "").to_ascii_lowercase();
    letters(one) == letters(other)
}
