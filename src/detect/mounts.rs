//! The path before a route: what the routers around it are mounted on.

use std::rc::Rc;

use super::condition::Cx;
use crate::code::{CodePattern, Files, Match, NodeId, Tree, value};
use crate::pack::Condition;

/// Routers within routers.
const MOST_DEPTH: usize = 6;

/// The path that stands before a route at `node`, whose router is what the hole `$ROUTER` holds.
/// `None` when the route may stand below a path that is not known.
pub(super) fn prefix(
    condition: &Condition,
    cx: &Cx<'_>,
    tree: &Rc<Tree>,
    found: &Match,
) -> Option<String> {
    let mounts = Mounts { condition, cx };
    let router = found.capture("ROUTER");
    let inner = mounts.before(tree, found.node, router, MOST_DEPTH)?;
    Some(tidy(&(mounts.everywhere()? + &inner)))
}

struct Mounts<'a> {
    condition: &'a Condition,
    cx: &'a Cx<'a>,
}

#[allow(
    clippy::option_option,
    reason = "not mounted at all, mounted at a place that is not known, mounted at a known one"
)]
impl Mounts<'_> {
    /// A path before every route of the program.
    fn everywhere(&self) -> Option<String> {
        let words = self.cx.packs.words(self.cx.component.language)?;
        for pattern in &self.condition.prefixes.0 {
            for file in self.cx.sources.files() {
                let tree = self.cx.sources.tree_with(file, pattern, words);
                let Some(tree) = tree else { continue };
                if let Some(found) = tree.find(pattern).next() {
                    return self.path(&tree, &found);
                }
            }
        }
        Some(String::new())
    }

    fn path(&self, tree: &Tree, found: &Match) -> Option<String> {
        let Some(node) = found.capture("PREFIX") else {
            return Some(String::new());
        };
        let value = value(self.cx.sources, tree, node);
        let path = value.text()?.trim_matches('/').to_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._~-".contains(c);
        if path.is_empty() {
            return Some(path);
        }
        path.chars().all(plain).then(|| format!("/{path}"))
    }

    fn before(
        &self,
        tree: &Rc<Tree>,
        node: NodeId,
        router: Option<NodeId>,
        depth: usize,
    ) -> Option<String> {
        if depth == 0 {
            return None;
        }
        let mut prefix = match router {
            Some(router) => self.chained(tree, router)?,
            None => String::new(),
        };
        let mut router = router.map(|router| tree.text(router).to_owned());
        for around in tree.ancestors(node) {
            for pattern in self
                .patterns(false)
                .filter(|pattern| !pattern.captures("CHAIN"))
            {
                let Some(found) = tree.find_at(pattern, around) else {
                    continue;
                };
                // In `a.route(…).nest(…)` the route is not below the nest's path.
                if tree.is_call(around) && !tree.is_argument(around, node) {
                    continue;
                }
                prefix = self.path(tree, &found)? + &prefix;
                if let Some(outer) = found.capture("OUTER") {
                    router = Some(tree.text(outer).to_owned());
                }
            }
        }
        let named = router
            .filter(|router| is_name(router))
            .or_else(|| tree.assigned_around(node).map(str::to_owned));
        let function = tree.function_around(node);
        let function_name = function.and_then(|function| tree.name_of(function));
        if let Some(router) = &named {
            if let Some(outer) = self.mounted(tree, tree, node, router, depth) {
                return outer.map(|outer| outer + &prefix);
            }
            let own = self.own(tree, router)?;
            prefix = own + &prefix;
            if let Some(function) = function
                && let Some(place) = tree.parameter(function, router)
            {
                let called = function_name?;
                return self
                    .called(tree, called, place, depth)
                    .flatten()
                    .map(|outer| outer + &prefix);
            }
            // A router that another file of the package makes.
            if is_name(router) && !router.contains('.') && !tree.defines(router) {
                let files = self.cx.sources.with_word(router).into_iter().take(12);
                for file in files {
                    let other = self.cx.sources.tree(&file);
                    let Some(other) = other.filter(|other| !Rc::ptr_eq(other, tree)) else {
                        continue;
                    };
                    if let Some(outer) = self.mounted(&other, tree, node, router, depth) {
                        return outer.map(|outer| outer + &prefix);
                    }
                }
            }
            let part = tree.definition_fits(router, &self.condition.parts.0);
            if part || function_name.is_none() {
                let outer = self.mounted_elsewhere(tree, router, depth);
                if part || outer.is_some() {
                    return outer.flatten().map(|outer| outer + &prefix);
                }
            }
        }
        // A function that makes a router, which its caller mounts.
        if let Some(name) = function_name.filter(|name| *name != "main") {
            let outer = self
                .mounted(tree, tree, node, name, depth)
                .or_else(|| self.mounted_elsewhere(tree, name, depth));
            if let Some(outer) = outer {
                return outer.map(|outer| outer + &prefix);
            }
        }
        Some(prefix)
    }

    /// The patterns that name the mounted router, or those that hold it.
    fn patterns(&self, named: bool) -> impl Iterator<Item = &CodePattern> {
        let all = self.condition.mounts.0.iter();
        all.filter(move |pattern| pattern.captures("ROUTER") == named)
    }

    /// The paths that calls in a router's own expression put before what follows.
    fn chained(&self, tree: &Tree, router: NodeId) -> Option<String> {
        let mut paths = Vec::new();
        let mut link = Some(router);
        while let Some(node) = link.filter(|_| paths.len() < MOST_DEPTH) {
            for pattern in self
                .patterns(false)
                .filter(|pattern| pattern.captures("CHAIN"))
            {
                if let Some(found) = tree.find_at(pattern, node) {
                    paths.push(self.path(tree, &found)?);
                }
            }
            link = tree.receiver(node);
        }
        paths.reverse();
        Some(paths.concat())
    }

    /// The path that a router is made with.
    fn own(&self, tree: &Tree, router: &str) -> Option<String> {
        let made = self
            .patterns(true)
            .filter(|pattern| !pattern.captures("OUTER"));
        for pattern in made {
            let found = tree
                .find(pattern)
                .find(|found| is_router(tree, found, router));
            if let Some(found) = found {
                return self.path(tree, &found);
            }
        }
        Some(String::new())
    }

    /// Where a router is mounted in a file: outer `None` when it is nowhere, inner `None` when the
    /// path is not known.
    fn mounted(
        &self,
        tree: &Rc<Tree>,
        of: &Tree,
        node: NodeId,
        router: &str,
        depth: usize,
    ) -> Option<Option<String>> {
        let same = std::ptr::eq(&raw const **tree, of);
        for pattern in self
            .patterns(true)
            .filter(|pattern| pattern.captures("OUTER"))
        {
            for found in tree.find(pattern) {
                let itself = same
                    && tree.span(found.node).start == of.span(node).start
                    && tree.span(found.node).end == of.span(node).end;
                let outer = found.capture("OUTER");
                let loops = outer.is_some_and(|outer| tree.text(outer) == router);
                if itself || loops || !is_router(tree, &found, router) {
                    continue;
                }
                let path = self.path(tree, &found);
                let own = if same {
                    self.own(tree, router)
                } else {
                    Some(String::new())
                };
                let before = self.before(tree, found.node, outer, depth - 1);
                return Some(before.and_then(|before| Some(before + &path? + &own?)));
            }
        }
        None
    }

    /// The same in files that import this one.
    fn mounted_elsewhere(&self, of: &Tree, router: &str, depth: usize) -> Option<Option<String>> {
        let path = &of.source.path;
        let stem = path.name().split('.').next().unwrap_or_default().to_owned();
        let parent = path.parent().unwrap_or_default();
        let module = match stem.as_str() {
            "index" | "mod" | "__init__" | "router" | "routes" => parent.name().to_owned(),
            _ => stem,
        };
        if module.is_empty() {
            return None;
        }
        for file in self.cx.sources.with_word(&module).into_iter().take(12) {
            let Some(tree) = self.cx.sources.tree(&file) else {
                continue;
            };
            if tree.source.path == *path {
                continue;
            }
            for name in tree
                .imported_from(&module)
                .into_iter()
                .chain([router.to_owned()])
            {
                if let Some(found) = self.mounted(&tree, of, 0, &name, depth) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Where the function is called that gets its router from its caller.
    fn called(
        &self,
        of: &Rc<Tree>,
        name: &str,
        place: usize,
        depth: usize,
    ) -> Option<Option<String>> {
        // `app.register(routes, { prefix: "/api" })` calls it later.
        if let Some(found) = self.mounted(of, of, 0, name, depth) {
            return Some(found);
        }
        let files = self.cx.sources.with_word(name).into_iter().take(12);
        for file in files {
            let Some(tree) = self.cx.sources.tree(&file) else {
                continue;
            };
            if let Some((call, argument)) = tree.call_of(name, place) {
                return Some(self.before(&tree, call, Some(argument), depth - 1));
            }
        }
        self.mounted_elsewhere(of, name, depth)
    }
}

fn is_name(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'))
}

/// Whether a mount's router is the one of this name: `health`, `health.router`, `health::routes()`.
fn is_router(tree: &Tree, found: &Match, router: &str) -> bool {
    found.capture("ROUTER").is_some_and(|node| {
        let text = tree.text(node);
        let text = text.split('(').next().unwrap_or_default();
        let last = text.rsplit(['.', ':']).next().unwrap_or_default();
        text == router || last == router || text.split(['.', ':']).next() == Some(router)
    })
}

fn tidy(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}
