//! What a package's build needs: manifests, what stands in for the sources while dependencies are
//! compiled, and which crates come in.

use std::collections::BTreeSet;

use super::RustModel;
use super::lock::Lock;
use super::manifest::{CargoToml, Package, Requirement, Use};
use super::workspace::Cargo;
use crate::repo::RelPath;

/// Which files stand in for the repository's own code while its dependencies are compiled.
pub(super) fn stand_ins(
    cargo: &Cargo,
    package: &Package,
    model: &mut RustModel,
    read: &BTreeSet<RelPath>,
    compiled: &BTreeSet<RelPath>,
) {
    let mut libraries = BTreeSet::new();
    let mut mains = BTreeSet::new();
    for dir in read {
        let Some(other) = cargo.packages.get(dir) else {
            continue;
        };
        if compiled.contains(dir) {
            model.local.push(other.name.clone());
        }
        if model.sources.iter().any(|whole| dir.is_in(whole)) {
            continue;
        }
        libraries.extend(other.library.iter().map(|path| dir.join(path.as_str())));
        mains.extend(
            other
                .named_targets
                .iter()
                .map(|path| dir.join(path.as_str())),
        );
        if compiled.contains(dir) {
            mains.extend(
                other
                    .build_script
                    .iter()
                    .map(|path| dir.join(path.as_str())),
            );
        }
        // Cargo refuses a package without any target, also one that it does not build.
        if other.library.is_none() && dir != &package.dir {
            let first = other.binaries.first();
            mains.extend(first.map(|binary| dir.join(binary.path.as_str())));
        }
        model.documented |= cargo.manifests.get(dir).is_some_and(wants_documentation);
    }
    model.documented |= cargo
        .workspace(&package.dir)
        .is_some_and(wants_documentation);
    model.libraries = libraries.into_iter().collect();
    model.mains = mains.into_iter().collect();
}

fn wants_documentation(file: &CargoToml) -> bool {
    [
        &["lints", "rust", "missing_docs"][..],
        &["workspace", "lints", "rust", "missing_docs"],
    ]
    .into_iter()
    .any(|path| file.tree.at(path).is_some())
}

/// What the dependency step copies: manifests, lock file, settings, vendored crates.
pub(super) fn files(cargo: &Cargo, model: &mut RustModel, read: &BTreeSet<RelPath>) {
    let mut manifests = vec![model.cargo_dir.join("Cargo.toml")];
    if model.locked {
        manifests.push(model.cargo_dir.join("Cargo.lock"));
    }
    manifests.extend(model.config.path.clone());
    model.sources.extend(model.config.vendor.clone());
    let in_sources = |dir: &RelPath| model.sources.iter().any(|whole| dir.is_in(whole));
    for dir in read {
        let path = dir.join("Cargo.toml");
        if cargo.packages.contains_key(dir) && !manifests.contains(&path) && !in_sources(dir) {
            manifests.push(path);
        }
    }
    model.manifests = manifests;
}

/// Which crates come in, by the lock file where there is one.
pub(super) fn crates(
    cargo: &Cargo,
    lock: Option<&Lock>,
    model: &mut RustModel,
    compiled: &BTreeSet<RelPath>,
) {
    let requirements = compiled
        .iter()
        .filter_map(|dir| cargo.packages.get(dir))
        .flat_map(|package| &package.requirements)
        .filter(|found| found.kind != Use::Test)
        .collect::<Vec<_>>();
    for found in &requirements {
        model.features.extend(found.features.iter().cloned());
    }
    let names = requirements.iter().map(|found| found.name.as_str());
    let Some(lock) = lock else {
        model.fetches = requirements.iter().any(|found| !found.local);
        model.crates = names.map(str::to_owned).collect();
        model
            .crates
            .extend(requirements.iter().filter_map(|found| usual_binding(found)));
        return;
    };
    let closure = lock.closure(names);
    model.fetches = closure.fetched;
    model.crates = closure.names;
    model.bundled = closure.bundled;
}

/// Without a lock file: the binding to a C library that a crate is known to come with.
fn usual_binding(found: &Requirement) -> Option<String> {
    let feature = |name: &str| found.features.iter().any(|feature| feature == name);
    let binding = match found.name.as_str() {
        "openssl" | "native-tls" | "postgres-openssl" => "openssl-sys",
        // Up to 0.12, TLS was OpenSSL's unless the default features were off.
        "reqwest"
            if found.default_features
                && found.version.trim_start_matches('^').starts_with("0.")
                && !found.version.contains("0.13") =>
        {
            "openssl-sys"
        }
        "rusqlite" => "libsqlite3-sys",
        "diesel" if feature("postgres") => "pq-sys",
        "diesel" if feature("mysql") => "mysqlclient-sys",
        "diesel" if feature("sqlite") => "libsqlite3-sys",
        "rdkafka" => "rdkafka-sys",
        "rocksdb" => "librocksdb-sys",
        "git2" => "libgit2-sys",
        "tikv-jemallocator" => "tikv-jemalloc-sys",
        _ => return None,
    };
    Some(binding.to_owned())
}
