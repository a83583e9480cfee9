//! `examples/<app>.toml`: what is expected of the images of `examples/<app>/`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    image: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// Relative to the example, whose folder is the build context.
    pub(crate) dockerfile: String,
    /// The answer that shows the app is up.
    pub(crate) http: Option<Http>,
    /// For an app that answers nothing: words that it logs.
    pub(crate) logs: Option<String>,
    /// Where it listens; the first EXPOSE when not given.
    pub(crate) port: Option<u16>,
    /// There is a HEALTHCHECK, and it turns healthy.
    #[serde(default)]
    pub(crate) healthy: bool,
    /// A job: it ends without being told to, with exit code 0.
    #[serde(default)]
    pub(crate) ends_itself: bool,
    /// A shell as first process is meant.
    #[serde(default)]
    pub(crate) shell: bool,
    /// The one-line change after which dependencies must not be fetched or built again.
    pub(crate) edit: Edit,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Parts of paths that must not be in the image: development dependencies and the like.
    #[serde(default)]
    pub(crate) absent: Vec<String>,
    pub(crate) max_mb: Option<f64>,
    /// How much the image may weigh beside the app's own binary.
    pub(crate) binary_plus_mb: Option<f64>,
    /// That binary's path; the command itself when not given.
    pub(crate) binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) path: String,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) contains: String,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    pub(crate) file: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

pub(crate) fn read(path: &Path) -> Result<Vec<Image>, String> {
    let at = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{at}: {error}"))?;
    let file: File = toml::from_str(&text).map_err(|error| format!("{at}: {error}"))?;
    for image in &file.image {
        if image.http.is_some() == image.logs.is_some() {
            return Err(format!(
                "{at}: {} needs either `http` or `logs`",
                image.dockerfile
            ));
        }
    }
    Ok(file.image)
}
