//! A pack in a folder of the user's. What is in it may be anything: it is read through the same
//! door as a repository, within budgets of its own, and never through a link that leads out.

use std::borrow::Cow;
use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{ANY, Detector, FileTree, Pack, PackSet};
use crate::diag::{Diagnostic, Location, Result, suggest};
use crate::repo::{Limits, RelPath, Repo, Source};

/// Far more than a pack has; a folder with more is none.
const LIMITS: Limits = Limits {
    files: 2_000,
    depth: 8,
    file_bytes: 256 << 10,
};

/// Bytes of all files of a pack.
const MOST_BYTES: usize = 4 << 20;

/// The files of a pack, read before anything is made of them.
struct Folder {
    /// Where it lies, when that is a path below the working folder: messages name files by it.
    prefix: RelPath,
    /// Sorted.
    files: Vec<(RelPath, Source)>,
}

impl Folder {
    fn open(dir: &Utf8Path) -> Result<(Self, String)> {
        let repo = Repo::open(dir, LIMITS).map_err(|fault| match fault.code {
            "no-such-folder" => {
                fault.with_help("--pack takes a folder with detectors/ or templates/")
            }
            _ => fault,
        })?;
        let prefix = RelPath::new(dir.as_str()).unwrap_or_default();
        if let Some(fault) = repo.diagnostics().first() {
            let message = format!("{dir} is no pack: {}", fault.message);
            return Err(Diagnostic::error("pack-folder", message));
        }
        let mut files = Vec::new();
        let mut left = MOST_BYTES;
        for path in repo.files().iter().filter(|path| is_of_pack(path)) {
            let at = prefix.join(path.as_str());
            if is_table(path) {
                let message =
                    "a pack has no tables: it holds detectors/LANGUAGE/NAME.toml and templates";
                return Err(Diagnostic::error("pack-file", message).at(Location::file(at)));
            }
            let text = repo.read(path).map_err(|mut fault| {
                fault.at = Some(Location::file(at.clone()));
                fault
            })?;
            let Some(rest) = left.checked_sub(text.text.len()) else {
                let message =
                    format!("{dir} holds more than {MOST_BYTES} bytes of detectors and templates");
                return Err(Diagnostic::error("pack-folder", message));
            };
            left = rest;
            files.push((path.clone(), Source::new(at, text.text)));
        }
        if files.is_empty() {
            let message = format!("{dir} has neither detectors/ nor templates/");
            return Err(Diagnostic::error("pack-folder", message));
        }
        Ok((Self { prefix, files }, repo.folder_name().to_owned()))
    }

    fn source(&self, path: &str) -> Option<&Source> {
        let at = self
            .files
            .binary_search_by(|(known, _)| known.as_str().cmp(path));
        at.ok().map(|at| &self.files[at].1)
    }

    /// A fault of a detector at the first place where it names `text`.
    fn fault(&self, detector: &Detector, text: &str, fault: Diagnostic) -> Diagnostic {
        let Some(source) = self.source(&format!("detectors/{}.toml", detector.id)) else {
            return fault;
        };
        match source.find(text) {
            Some(span) if !text.is_empty() => fault.pointing(source, span),
            _ => fault.at(Location::file(source.path.clone())),
        }
    }
}

impl FileTree for Folder {
    fn paths(&self) -> Vec<String> {
        self.files
            .iter()
            .map(|(path, _)| path.to_string())
            .collect()
    }

    fn text(&self, path: &str) -> Result<Cow<'static, str>> {
        let source = self.source(path);
        source
            .map(|source| Cow::Owned(source.text.to_string()))
            .ok_or_else(|| Diagnostic::error("pack-file", format!("the pack has no {path}")))
    }

    fn prefix(&self) -> RelPath {
        self.prefix.clone()
    }
}

/// What lies beside detectors and templates is not looked at; nor are texts for people, or what an
/// editor or a file manager left behind.
fn is_of_pack(path: &RelPath) -> bool {
    let name = path.name();
    let hidden = path.parts().any(|part| part.starts_with('.'));
    let top = path.parts().next().unwrap_or_default();
    let inside = matches!(top, "detectors" | "templates") && path.depth() > 1;
    path.as_str() == "pack.toml" || inside && !hidden && !name.ends_with(".md")
}

/// A file among the detectors that is none.
fn is_table(path: &RelPath) -> bool {
    let detector = path.depth() == 3 && path.name().ends_with(".toml");
    path.as_str().starts_with("detectors/") && !detector
}

impl Pack {
    /// Reads a folder that stands before `behind`, the packs that were read already. A missing
    /// folder, a file that does not belong there, a typo or a pattern that does not compile is an
    /// error, with its place.
    fn open(dir: &Utf8Path, behind: &[Self]) -> Result<Self> {
        let (folder, name) = Folder::open(dir)?;
        let mut keys = behind.iter().map(|pack| &pack.keys);
        let mut pack = Self::load_with(&folder, keys.next())?;
        if folder.source("pack.toml").is_none() {
            pack.manifest.name = name;
        }
        if behind
            .iter()
            .any(|other| other.manifest.name == pack.manifest.name)
        {
            let message = format!("another pack has the name {:?}", pack.manifest.name);
            return Err(Diagnostic::error("pack-name", message)
                .with_help("give it another one in pack.toml: name = \"…\""));
        }
        pack.check(&folder, behind)?;
        Ok(pack)
    }

    fn check(&self, folder: &Folder, behind: &[Self]) -> Result<()> {
        let all = || behind.iter().chain([self]);
        let detectors = || behind.iter().flat_map(|pack| &pack.detectors);
        let languages: BTreeSet<&str> = detectors().map(|known| known.language.as_str()).collect();
        let ids: BTreeSet<&str> = detectors()
            .chain(&self.detectors)
            .map(|known| known.id.as_str())
            .collect();
        let templates: BTreeSet<&str> = all()
            .flat_map(|pack| pack.templates.keys().map(String::as_str))
            .collect();
        for detector in &self.detectors {
            let unknown = |code, what: &str, name: &str, known: &BTreeSet<&str>| {
                let fault = Diagnostic::error(code, format!("there is no {what} {name}"));
                let fault = match suggest(name, known.iter().copied()) {
                    Some(near) => fault.with_help(format!("did you mean `{near}`?")),
                    None => fault,
                };
                folder.fault(detector, &format!("\"{name}\""), fault)
            };
            if detector.language != ANY && !languages.contains(detector.language.as_str()) {
                let code = "detector-language";
                return Err(unknown(code, "language", &detector.language, &languages));
            }
            for name in &detector.supersedes {
                if !ids.contains(name.as_str()) {
                    return Err(unknown("detector-supersedes", "detector", name, &ids));
                }
            }
            let variants = detector.variant.iter().map(|variant| &variant.facts);
            let facts = variants.chain([&detector.facts]);
            for template in facts.filter_map(|facts| facts.template.as_deref()) {
                if !template.contains("{{") && !templates.contains(template) {
                    let code = "detector-template";
                    return Err(unknown(code, "template", template, &templates));
                }
            }
            detector
                .check()
                .map_err(|fault| folder.fault(detector, "", fault))?;
        }
        Ok(())
    }
}

impl PackSet {
    /// The packs of folders in the order given, and the built-in one behind them.
    pub fn with_folders(folders: &[Utf8PathBuf]) -> Result<Self> {
        let mut packs = vec![Pack::builtin()?];
        for dir in folders.iter().rev() {
            let pack = Pack::open(dir, &packs)?;
            packs.push(pack);
        }
        // The first that was read is the last that is asked.
        packs.reverse();
        Ok(Self::new(packs))
    }
}
