//! From slots and settings to one value each, with the decision written down.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::decision::{Alternative, Decision};
use super::images::{BaseImage, Catalogue, Line};
use super::limits::{Limits, Solved, solve};
use super::packages::Packages;
use super::settings::Settings;
use super::{Asset, Copy, Pair, Tables};
use crate::diag::{Diagnostic, Result};
use crate::facts::{Bound, Component, Confidence, Evidence, Found, Kind, Rank, Slot, Weight};
use crate::pack::PackSet;
use crate::parse::version::{Constraint, Version};
use crate::repo::RelPath;

/// As many reasons against the chosen line are told.
const MOST_UNMET: usize = 3;

/// Why a plan cannot be made.
#[derive(Debug)]
pub struct Failure {
    pub diagnostic: Diagnostic,
    /// The answer that is missing; then the user is asked, or told the flag.
    pub needs: Option<Box<Need>>,
}

impl Failure {
    /// Whether the component alone is at fault, so that the others can be planned without it.
    pub fn is_open(&self) -> bool {
        self.needs.is_some()
            || matches!(
                self.diagnostic.code,
                "impossible-start" | "no-static-files" | "no-image-line" | "missing-file"
            )
    }

    /// The same with a next step that says for which of several components it is.
    #[must_use]
    pub fn named(mut self) -> Self {
        if let Some(need) = &self.needs {
            let (dir, key) = (&need.component, need.key);
            let mut help = format!(
                "give it with --set {dir}:{key}=…, or as {key} in [component.\"{dir}\"] of dockgen.toml"
            );
            if !need.candidates.is_empty() {
                help = format!("{help}; found: {}", need.candidates.join(", "));
            }
            self.diagnostic = self.diagnostic.with_help(help);
        }
        self
    }
}

/// An answer without which a component cannot be planned.
#[derive(Debug)]
pub struct Need {
    pub component: RelPath,
    /// The option's key.
    pub key: &'static str,
    /// What it could be, as far as that is known.
    pub candidates: Vec<String>,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostic,
            needs: None,
        }
    }
}

/// What a language's planner works with.
pub struct Resolver<'a> {
    pub component: &'a Component,
    pub settings: &'a Settings,
    pub catalogue: &'a Catalogue,
    pub tools: &'a Catalogue,
    pub packages: &'a Packages,
    pub limits: &'a Limits,
    /// For tables that only one language reads.
    pub packs: &'a PackSet,
    /// What other components build for this one.
    pub assets: Vec<Asset>,
    /// Where the build leaves files for a web server, when the one who serves them says so.
    pub static_root: Option<Slot<String>>,
    /// The script that builds, when the one whose files it makes says so.
    pub script: Option<&'a str>,
    pub decisions: Vec<Decision>,
    /// The lines of the runtimes that the images are of, by the runtime's id.
    pub lines: BTreeMap<String, Line>,
}

impl<'a> Resolver<'a> {
    pub fn new(
        component: &'a Component,
        settings: &'a Settings,
        packs: &'a PackSet,
        tables: &'a Tables,
    ) -> Self {
        Self {
            component,
            settings,
            catalogue: &tables.catalogue,
            tools: &tables.tools,
            packages: &tables.packages,
            limits: &tables.limits,
            packs,
            assets: Vec::new(),
            static_root: None,
            script: None,
            decisions: Vec::new(),
            lines: BTreeMap::new(),
        }
    }
}

impl Resolver<'_> {
    /// Why the last stage needs a package manager: the running program needs Debian packages.
    pub fn packages_needed(&self) -> Option<Evidence> {
        let packages = &self.component.facts.run_packages;
        let first = packages.first()?;
        let names: Vec<&str> = packages.iter().map(|found| found.value.as_str()).collect();
        Some(Evidence {
            why: format!(
                "{}; the program needs Debian packages: {}",
                first.evidence.why,
                names.join(", ")
            ),
            ..first.evidence.clone()
        })
    }

    /// Debian packages of the build: a language's own and those of detectors, sorted.
    pub fn build_packages(&self, mut packages: Vec<String>) -> Vec<String> {
        let found = &self.component.facts.build_packages;
        packages.extend(found.iter().map(|found| found.value.clone()));
        packages.sort();
        packages.dedup();
        packages
    }

    /// Harmless values for what the build insists on, where nothing else gives one.
    pub fn stand_ins(&self) -> Vec<Pair> {
        let facts = &self.component.facts;
        let given = |name: &str| facts.build_env.iter().any(|found| found.value.0 == name);
        facts
            .stand_ins
            .iter()
            .filter(|found| !given(&found.value.0))
            .map(|found| Pair::new(&found.value.0, &found.value.1))
            .collect()
    }

    /// Environment of the build commands: a language's own, then that of detectors.
    pub fn build_env(&self, mut env: Vec<Pair>) -> Vec<Pair> {
        for found in &self.component.facts.build_env {
            let (name, value) = &found.value;
            if !env.iter().any(|pair| pair.name == *name) {
                env.push(Pair::new(name, value));
            }
        }
        env
    }

    /// Files that other components build, as COPY lines of a build stage that holds the project in
    /// `project_dir`: the compiler takes them in.
    pub fn embedded(&self, project_dir: &str) -> Vec<Copy> {
        self.assets
            .iter()
            .filter(|asset| asset.embedded)
            .filter_map(|asset| {
                let target = asset.target.below(&self.component.root)?;
                let to = format!("{project_dir}/{target}/");
                Some(Copy::stage(&asset.stage, format!("{}/", asset.from), to))
            })
            .collect()
    }

    /// Files that other components build, as COPY lines of the last stage, which holds the
    /// component in its work folder: the running program reads them.
    pub fn served(&self) -> Vec<Copy> {
        self.assets
            .iter()
            .filter(|asset| !asset.embedded)
            .filter_map(|asset| {
                let target = asset.target.below(&self.component.dir)?;
                Some(Copy::stage(
                    &asset.stage,
                    &asset.from,
                    format!("./{target}"),
                ))
            })
            .collect()
    }

    /// Where the build leaves files for a web server.
    pub fn static_root(&self) -> Option<Found<String>> {
        let own = &self.component.facts.static_root;
        self.static_root.as_ref().unwrap_or(own).best().cloned()
    }

    /// The template of a stage: a framework's own, else the language's.
    pub fn template(&self, usual: &str) -> String {
        let own = self.component.facts.template.value();
        own.map_or(usual, String::as_str).to_owned()
    }

    /// The user's setting for `key`, else the slot's best candidate. The decision is recorded.
    pub fn choose<T: Clone + Display>(
        &mut self,
        key: &'static str,
        slot: &Slot<T>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Found<T>>> {
        let alternatives = |found: &[Found<T>], chosen: &str| {
            found
                .iter()
                .filter(|found| found.value.to_string() != chosen)
                .map(|found| Alternative {
                    value: found.value.to_string(),
                    because: found.evidence.clone(),
                })
                .collect()
        };
        let (found, instead_of): (Found<T>, Vec<Alternative>) = match self.setting(key) {
            Some((text, evidence)) => {
                let value = parse(&text).ok_or_else(|| {
                    let found: Vec<String> = slot
                        .all()
                        .iter()
                        .map(|found| found.value.to_string())
                        .collect();
                    misfit(&self.component.dir, key, &text, &evidence, &found)
                })?;
                let rank = Rank::Dedicated;
                let instead_of = alternatives(slot.all(), &value.to_string());
                (
                    Found {
                        value,
                        rank,
                        confidence: Confidence::Certain,
                        evidence,
                    },
                    instead_of,
                )
            }
            None => match slot.best() {
                Some(best) => {
                    let chosen = best.value.to_string();
                    (best.clone(), alternatives(slot.others(), &chosen))
                }
                None => return Ok(None),
            },
        };
        self.decisions.push(Decision {
            what: key.to_owned(),
            chosen: found.value.to_string(),
            confidence: found.confidence,
            because: found.evidence.clone(),
            instead_of,
        });
        Ok(Some(found))
    }

    /// A setting with its origin as evidence.
    pub fn setting(&self, key: &str) -> Option<(String, Evidence)> {
        let (value, origin) = self.settings.get(&self.component.dir, key)?;
        Some((value.to_owned(), origin.evidence()))
    }

    /// Writes down a decision that follows from others.
    pub fn decide(
        &mut self,
        what: &str,
        chosen: impl Display,
        confidence: Confidence,
        because: Evidence,
    ) {
        self.decisions.push(Decision {
            what: what.to_owned(),
            chosen: chosen.to_string(),
            confidence,
            because,
            instead_of: Vec::new(),
        });
    }

    /// Tells what would make a better image, which is for the project to do.
    pub fn tell_advice(&mut self) {
        for found in &self.component.facts.advice {
            let because = found.evidence.clone();
            self.decide("advice", &found.value, Confidence::Likely, because);
        }
    }

    /// Tells what the authors' own files say and the written ones do not follow.
    pub fn tell_authors(&mut self) {
        for found in &self.component.facts.left {
            let because = found.evidence.clone();
            self.decide("not taken over", &found.value, Confidence::Likely, because);
        }
    }

    /// Tells when a program listens where nobody outside of the container reaches it.
    pub fn tell_loopback(&mut self, kind: Kind) {
        let facts = &self.component.facts;
        let told = !facts.flags.is_empty();
        let address = facts.loopback.best();
        let Some(found) = address.filter(|_| kind == Kind::Web && !told) else {
            return;
        };
        let why = &found.evidence.why;
        let because = Evidence {
            why: format!("{why}; a container is reached only when it is 0.0.0.0"),
            ..found.evidence.clone()
        };
        self.decide("listens on", &found.value, Confidence::Guess, because);
    }

    /// The line of a runtime that fits the project's constraint or the user's `--runtime`, which
    /// names a line (`22`) or, with three parts, one version (`22.2.0`).
    pub fn runtime(&mut self, runtime: &str) -> Result<Line> {
        let line = self.runtime_line(runtime)?;
        self.lines.insert(runtime.to_owned(), line.clone());
        Ok(line)
    }

    fn runtime_line(&mut self, runtime: &str) -> Result<Line> {
        let slot = &self.component.facts.runtime;
        if let Some((text, evidence)) = self.setting("runtime") {
            let dir = &self.component.dir;
            let constraint = Constraint::line(&text)
                .ok_or_else(|| misfit(dir, "runtime", &text, &evidence, &[]))?;
            let exact = Version::parse(&text).filter(|version| version.parts().len() >= 3);
            let line = match &exact {
                Some(version) => self.catalogue.pin(runtime, version),
                None => self.catalogue.choose(runtime, &constraint),
            }?;
            let chosen = format!("{runtime} {}", line.exact.as_ref().unwrap_or(&line.version));
            self.decide("runtime", chosen, Confidence::Certain, evidence);
            return Ok(line);
        }
        let (constraint, evidence, confidence) = match slot.best() {
            Some(found) => (
                found.value.clone(),
                found.evidence.clone(),
                found.confidence,
            ),
            None => (
                Constraint::Any,
                Evidence::rule("default", "nothing asks for another version"),
                Confidence::Likely,
            ),
        };
        let mut instead_of: Vec<Alternative> = slot
            .others()
            .iter()
            .map(|found| Alternative {
                value: found.value.to_string(),
                because: found.evidence.clone(),
            })
            .collect();
        let mut evidence = evidence;
        let Solved {
            line,
            instead_of: plain,
            unmet,
        } = solve(self.catalogue, runtime, &constraint, &self.bounds(runtime))?;
        let mut confidence = confidence;
        if let Some((plain, bound)) = plain {
            if bound.weight == Weight::Breaks {
                confidence = Confidence::Certain;
            }
            instead_of.push(Alternative {
                value: format!("{runtime} {}", plain.version),
                because: std::mem::replace(&mut evidence, bound.evidence),
            });
        }
        let chosen = format!("{runtime} {}", line.version);
        self.decisions.push(Decision {
            what: "runtime".to_owned(),
            chosen: chosen.clone(),
            confidence,
            because: evidence,
            instead_of,
        });
        // What a person has fixed in a file of its own is taken as tried.
        let fixed = slot
            .best()
            .is_some_and(|found| found.rank >= Rank::Dedicated);
        let broken = unmet.iter().filter(|bound| bound.weight == Weight::Breaks);
        for bound in broken.take(MOST_UNMET).filter(|_| !fixed) {
            let because = Evidence {
                why: format!(
                    "{}; no line keeps this and all the rest",
                    bound.evidence.why
                ),
                ..bound.evidence.clone()
            };
            self.decide("runtime in spite of", &chosen, Confidence::Likely, because);
        }
        Ok(line)
    }

    /// What speaks for and against lines of a runtime: the table's rows for the versions that
    /// are installed, and what their own files say.
    fn bounds(&self, runtime: &str) -> Vec<Bound> {
        let pins = &self.component.pins;
        if runtime != self.component.language {
            return Vec::new();
        }
        let name = self.catalogue.name(runtime).unwrap_or(runtime);
        let mut bounds = pins.bounds.clone();
        bounds.extend(self.limits.bounds(runtime, name, &pins.packages));
        bounds
    }

    /// The kind of base image: the user's choice when it is among `possible`, else the first of
    /// them. An impossible choice is an error with the reason.
    pub fn base(
        &mut self,
        possible: &[&'static str],
        because: Evidence,
        impossible: impl Fn(&str) -> String,
    ) -> Result<&'static str> {
        let installs = self.component.facts.run_packages.first();
        let (possible, because) = match installs {
            Some(found) if possible.contains(&"slim") => (&["slim"][..], found.evidence.clone()),
            _ => (possible, because),
        };
        let default = possible.first().copied().unwrap_or("slim");
        match self.setting("base") {
            None => {
                self.decide("base", default, Confidence::Certain, because);
                Ok(default)
            }
            Some((wanted, evidence)) => match possible.iter().find(|base| **base == wanted) {
                Some(base) => {
                    self.decide("base", base, Confidence::Certain, evidence);
                    Ok(base)
                }
                None => Err(Diagnostic::error(
                    "impossible-base",
                    format!(
                        "the base {wanted} cannot work here: {}",
                        impossible(&wanted)
                    ),
                )
                .with_help(format!("possible here: {}", possible.join(", ")))),
            },
        }
    }

    /// An image of the catalogue; a missing row is a fault of ours.
    pub fn image(&self, runtime: &str, line: &Line, role: &str) -> Result<BaseImage> {
        self.catalogue.image(runtime, line, role).ok_or_else(|| {
            Diagnostic::error(
                "no-image",
                format!(
                    "images.toml has no {role} image for {runtime} {}",
                    line.version
                ),
            )
        })
    }

    /// The default line of a helper image such as `busybox` and its image for a role.
    pub fn helper(&self, runtime: &str, role: &str) -> Result<BaseImage> {
        let line = self.catalogue.choose(runtime, &Constraint::Any)?;
        self.image(runtime, &line, role)
    }

    /// Ends with exit 3: the option's flag is named, the candidates are listed.
    pub fn needs(
        &self,
        key: &'static str,
        why: impl Into<String>,
        candidates: &[String],
    ) -> Failure {
        let component = &self.component.dir;
        let mut help = format!("give it with --{key}, or as {key} in dockgen.toml");
        if !candidates.is_empty() {
            help = format!("{help}; found: {}", candidates.join(", "));
        }
        Failure {
            diagnostic: Diagnostic::error("answer-needed", format!("{component}: {}", why.into()))
                .with_help(help),
            needs: Some(Box::new(Need {
                component: component.clone(),
                key,
                candidates: candidates.to_vec(),
            })),
        }
    }

    /// A component that reached the planner of another language: a bug of ours.
    pub fn foreign(&self) -> Failure {
        let component = &self.component;
        Diagnostic::error(
            "foreign-model",
            format!("{} is no component of this language", component.dir),
        )
        .into()
    }

    pub fn kind(&mut self) -> Result<Kind> {
        let slot = &self.component.facts.kind;
        let parse = |text: &str| match text {
            "web" => Some(Kind::Web),
            "worker" => Some(Kind::Worker),
            "cli" => Some(Kind::Cli),
            "static" => Some(Kind::Static),
            _ => None,
        };
        Ok(self
            .choose("kind", slot, parse)?
            .map_or(Kind::Cli, |found| found.value))
    }
}

fn misfit(
    dir: &RelPath,
    key: &str,
    value: &str,
    evidence: &Evidence,
    found: &[String],
) -> Diagnostic {
    let mut problem = Diagnostic::error(
        "invalid-setting",
        format!("{dir}: {key} = {value} does not fit here; {}", evidence.why),
    );
    problem.at.clone_from(&evidence.at);
    if found.is_empty() {
        return problem;
    }
    problem.with_help(format!("found here: {}", found.join(", ")))
}
