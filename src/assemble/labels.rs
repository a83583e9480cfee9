use crate::facts::Component;
use crate::parse::has_hidden;
use crate::plan::Pair;

/// OCI labels that can be known from the sources; `revision` and `created` are the builder's.
pub(super) fn labels(component: &Component) -> Vec<Pair> {
    let manifest = &component.manifest;
    let label = |key: &str, value: &str| Pair {
        name: format!("org.opencontainers.image.{key}"),
        value: value.to_owned(),
    };
    let mut labels = Vec::new();
    // A name taken from the checkout's own folder is not part of the tree: the same tree would
    // give other bytes elsewhere.
    if manifest.name.is_some() || !component.dir.is_root() {
        labels.push(label("title", &component.name));
    }
    let one_line = |text: &Option<String>| {
        text.as_deref()
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty() && text.len() <= 200 && !has_hidden(text))
    };
    if let Some(description) = one_line(&manifest.description) {
        labels.push(label("description", &description));
    }
    if let Some(license) = one_line(&manifest.license) {
        labels.push(label("licenses", &license));
    }
    if let Some(repository) =
        one_line(&manifest.repository).filter(|url| url.starts_with("https://"))
    {
        labels.push(label("source", &repository));
    }
    labels.sort();
    labels
}
