//! The model of `detectors/folders.toml`.

use serde::Deserialize;

/// Which folders an image makes for a program to write to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderTable {
    outside: Vec<String>,
    built: Vec<String>,
    files: Vec<String>,
}

/// So long may a folder's path be: a longer one is no folder that a person has named.
const LONGEST: usize = 120;

impl FolderTable {
    /// The folder to make for a path that a program writes to: the path, or the folder of the file
    /// that it is; absolute, or relative to the work folder, which is `.`. `None` for what is no
    /// plain path, and for folders that are none of an image's matters.
    pub fn folder(&self, path: &str) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        if path.is_empty() || path.len() > LONGEST || !path.chars().all(plain) {
            return None;
        }
        let absolute = path.starts_with('/');
        let mut parts: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let is_file = |name: &&str| {
            name.rsplit_once('.')
                .is_some_and(|(stem, ending)| !stem.is_empty() && self.is_file(ending))
        };
        if !path.ends_with('/') && parts.last().is_some_and(is_file) {
            parts.pop();
        }
        if parts.contains(&"..") || parts.iter().any(|part| part.starts_with('-')) {
            return None;
        }
        let Some(first) = parts.first() else {
            return (!absolute).then(|| ".".to_owned());
        };
        let joined = parts.join("/");
        if !absolute {
            let built = self.built.iter().any(|known| known == first);
            return (!built).then_some(joined);
        }
        let folder = format!("/{joined}");
        let system = self.outside.iter().any(|known| {
            folder
                .strip_prefix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        (!system).then_some(folder)
    }

    fn is_file(&self, ending: &str) -> bool {
        self.files.iter().any(|known| known == ending)
    }
}

#[cfg(test)]
mod tests {
    use crate::pack::Pack;

    #[test]
    fn a_path_becomes_a_folder_of_the_image() {
        let table = Pack::builtin().unwrap().folders.unwrap();
        for (path, folder) in [
            ("./data/", Some("data")),
            ("data/app.db", Some("data")),
            ("app.db", Some(".")),
            ("./data.ms", Some("data.ms")),
            ("/var/lib/app/", Some("/var/lib/app")),
            ("/var/lib/app/app.sqlite3", Some("/var/lib/app")),
            ("/app.db", None),
            ("/tmp/x", None),
            ("/etc", None),
            ("/etcetera", Some("/etcetera")),
            ("../data", None),
            ("a b", None),
            ("$HOME/x", None),
            ("dist/x", None),
            ("", None),
        ] {
            assert_eq!(table.folder(path).as_deref(), folder, "{path}");
        }
    }
}
