//! What one stage holds, and what has to be true of the last one.

use std::collections::BTreeSet;

use super::{Fault, names};
use crate::plan::images::BaseImage;

/// Folders that are links to those below /usr in current distributions.
const USR_MERGED: &[&str] = &["/bin", "/lib", "/lib64", "/sbin"];

/// Folders whose files are our own: a program there was copied, or it is not there.
const OWN_FOLDERS: &[&str] = &["/usr/local/bin/", "/app/"];

#[derive(Clone, Default)]
pub(super) struct Stage<'a> {
    pub name: Option<String>,
    /// The image at its root; none for `scratch`.
    image: Option<&'a BaseImage>,
    pub user: String,
    workdir: Option<String>,
    pub entrypoint: Option<Vec<String>>,
    pub cmd: Option<Vec<String>>,
    pub health: Option<Vec<String>>,
    pub copied: Vec<Copied>,
    /// A RUN may have made any file.
    pub runs: bool,
    pub has_shell: bool,
    pub variables: BTreeSet<String>,
    /// Instructions of which BuildKit heeds only the last.
    seen: BTreeSet<&'static str>,
}

/// One source of a COPY.
#[derive(Clone)]
pub(super) struct Copied {
    /// The last part of the source's path.
    pub name: String,
    /// Absolute.
    pub to: String,
    pub into_folder: bool,
    pub owner: Option<String>,
    pub mode: Option<String>,
}

impl<'a> Stage<'a> {
    pub(super) fn of(image: Option<&'a BaseImage>) -> Self {
        Self {
            image,
            workdir: image.and_then(|image| image.workdir.clone()),
            has_shell: image.is_some_and(|image| image.shell),
            ..Self::default()
        }
    }

    /// The start of a stage that is built on this one.
    pub(super) fn child(&self) -> Self {
        Self {
            name: None,
            seen: BTreeSet::new(),
            ..self.clone()
        }
    }

    pub(super) fn once(&mut self, instruction: &'static str) -> Result<(), Fault> {
        if self.seen.insert(instruction) {
            return Ok(());
        }
        Err(format!("{instruction} stands twice in one stage"))
    }

    pub(super) fn enter(&mut self, dir: &str) -> Result<(), Fault> {
        if !dir.starts_with('/') && self.workdir.is_none() {
            return Err(format!("WORKDIR {dir} is relative to nothing"));
        }
        self.workdir = Some(self.place(dir));
        Ok(())
    }

    /// The absolute path of a destination, without a slash at its end.
    pub(super) fn place(&self, to: &str) -> String {
        let base = if to.starts_with('/') {
            ""
        } else {
            self.workdir.as_deref().unwrap_or_default()
        };
        let mut place = String::new();
        for part in base.split('/').chain(to.split('/')) {
            if !matches!(part, "" | ".") {
                place.push('/');
                place.push_str(part);
            }
        }
        place
    }

    /// An error for a variable that neither this stage nor one below it sets.
    pub(super) fn defined(&self, text: &str) -> Result<(), Fault> {
        match names::undefined(text, |name| self.variables.contains(name)) {
            Some(name) => Err(format!("nothing sets the variable {name} in {text}")),
            None => Ok(()),
        }
    }

    /// Rules for the last stage.
    pub(super) fn check_last(&self) -> Result<(), Fault> {
        if !is_numeric(&self.user) || self.user.split(':').any(|id| id == "0") {
            return Err(format!(
                "the last stage's user {:?} is not a number above 0",
                self.user
            ));
        }
        self.check_reading()?;
        let inherited: &[String] = self.image.map_or(&[], |image| &image.entrypoint);
        let entrypoint = self.entrypoint.as_deref().unwrap_or(inherited);
        let cmd = self.cmd.as_deref().unwrap_or_default();
        let Some(program) = entrypoint.first().or(cmd.first()) else {
            return Err("the last stage starts nothing".to_owned());
        };
        if let ([only], Some(first)) = (entrypoint, cmd.first())
            && base_name(only) == base_name(first)
        {
            return Err(format!(
                "the entrypoint is {only} already; CMD repeats {first}"
            ));
        }
        self.check_program(program)?;
        if self.entrypoint.is_none()
            && let Some(first) = cmd.first()
            && !inherited.is_empty()
        {
            self.check_shell(first)?;
        }
        match self.health.as_deref() {
            Some([program, ..]) => self.check_program(program),
            Some([]) => Err("HEALTHCHECK asks nothing".to_owned()),
            None => Ok(()),
        }
    }

    fn check_program(&self, program: &str) -> Result<(), Fault> {
        self.check_shell(program)?;
        // What stands in the base image, and what RUN makes, cannot be known.
        let known = !self.runs && self.image.is_none_or(|image| !image.shell);
        for folder in OWN_FOLDERS {
            if known && program.starts_with(folder) && !self.provides(program) {
                return Err(format!("nothing copies {program} to the last stage"));
            }
        }
        Ok(())
    }

    fn check_shell(&self, program: &str) -> Result<(), Fault> {
        let needs_shell = matches!(
            base_name(program),
            "sh" | "ash" | "bash" | "dash" | "curl" | "wget"
        );
        if needs_shell && !self.has_shell {
            return Err(format!("the last stage has no {program} but starts it"));
        }
        Ok(())
    }

    fn provides(&self, program: &str) -> bool {
        self.copied.iter().any(|copied| {
            let below = program
                .strip_prefix(copied.to.as_str())
                .and_then(|rest| rest.strip_prefix('/'));
            match below {
                // A file of that name, or a folder's contents; a folder of programs gets files.
                Some(rest) => {
                    rest == copied.name || !copied.into_folder || copied.to != "/usr/local/bin"
                }
                None => program == copied.to,
            }
        })
    }

    /// The user must be able to read what it runs.
    fn check_reading(&self) -> Result<(), Fault> {
        let private = |path: &str| path == "/root" || path.starts_with("/root/");
        if let Some(dir) = self.workdir.as_deref().filter(|dir| private(dir)) {
            return Err(format!("the user cannot enter the work folder {dir}"));
        }
        for copied in &self.copied {
            let owned = copied.owner.as_deref().is_some_and(|owner| {
                owner.split(':').next() == self.user.split(':').next() || owner == self.user
            });
            let readable = copied.mode.as_deref().is_none_or(|mode| {
                u32::from_str_radix(mode, 8).is_ok_and(|mode| mode & 0o004 != 0)
            });
            if private(&copied.to) || !readable && !owned {
                return Err(format!("the user cannot read {}", copied.to));
            }
        }
        Ok(())
    }
}

/// `10001` or `10001:10001`.
pub(super) fn is_numeric(user: &str) -> bool {
    user.split(':').count() <= 2
        && user
            .split(':')
            .all(|id| id.parse::<u32>().is_ok() && !id.starts_with('+'))
}

pub(super) fn is_usr_merged(path: &str) -> bool {
    USR_MERGED.iter().any(|dir| {
        path.strip_prefix(dir)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
