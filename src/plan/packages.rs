use crate::diag::Result;
pub struct Packages;
impl Packages {
    pub fn parse(_: &crate::repo::Source) -> Result<Self> {
        Ok(Self)
    }
}
