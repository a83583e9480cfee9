//! Folders of an image that hold a program's data.

use crate::repo::RelPath;

/// Folders of the system, in which no program keeps its data.
const SYSTEM: &[&str] = &[
    "bin", "boot", "dev", "etc", "home", "install", "lib", "lib64", "media", "mnt", "opt", "proc",
    "root", "run", "sbin", "srv", "sys", "tmp", "usr", "wheels", "build", "src", "app", "code",
    "out",
];

/// A folder that holds data: relative to the authors' work folder where it lies in it, else absolute.
pub(super) fn folder(path: &str, workdir: &str) -> Option<String> {
    let plain = |path: &str| {
        path.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
            && path.len() <= 120
    };
    if !plain(path) {
        return None;
    }
    let path = path.trim_end_matches('/');
    if workdir.len() > 1
        && let Some(rest) = path.strip_prefix(workdir)
    {
        return rest
            .strip_prefix('/')
            .filter(|rest| RelPath::new(rest).is_some())
            .map(str::to_owned);
    }
    // Where the work folder is not known, these are usual ones.
    let usual = ["/usr/src/app/", "/home/node/app/", "/app/", "/code/"];
    if workdir.is_empty()
        && let Some(rest) = usual.iter().find_map(|usual| path.strip_prefix(usual))
    {
        return RelPath::new(rest).map(|rest| rest.to_string());
    }
    let absolute = RelPath::new(path.strip_prefix('/')?)?;
    let mut parts = absolute.parts();
    let first = parts.next()?;
    let data = first == "var"
        && parts.next() == Some("lib")
        && !matches!(parts.next(), None | Some("apt" | "dpkg"));
    let above = workdir.starts_with(path);
    (!above && (data || first != "var" && !SYSTEM.contains(&first))).then(|| format!("/{absolute}"))
}

/// Folders that a build makes or an install fills.
pub(super) fn is_built(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "node_modules"
                | ".next"
                | "dist"
                | "build"
                | "out"
                | ".output"
                | "bin"
                | ".venv"
                | "venv"
                | "target"
                | "public"
        )
    })
}
