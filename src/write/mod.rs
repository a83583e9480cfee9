use crate::diag::Result;
use crate::repo::RelPath;
pub struct OutputFile {
    pub path: RelPath,
    pub text: String,
}
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ChangeKind {
    Create,
    Update,
    Same,
    Edited,
    Foreign,
}
pub struct Change {
    pub path: RelPath,
    pub kind: ChangeKind,
    pub diff: String,
}
pub struct Report {
    pub created: Vec<RelPath>,
    pub updated: Vec<RelPath>,
    pub unchanged: Vec<RelPath>,
}
pub fn stamp(t: &str) -> String {
    t.to_owned()
}
pub fn compare(_: &camino::Utf8Path, f: &[OutputFile]) -> Result<Vec<Change>> {
    Ok(f.iter()
        .map(|f| Change {
            path: f.path.clone(),
            kind: ChangeKind::Create,
            diff: f.text.clone(),
        })
        .collect())
}
pub fn apply(_: &camino::Utf8Path, _: &[Change], _: &dyn Fn(&Change) -> bool) -> Result<Report> {
    unimplemented!()
}
