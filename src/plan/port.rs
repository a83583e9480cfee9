use super::resolver::{Failure, Resolver};
use crate::facts::{Confidence, Evidence, Kind, Rank};

/// The port of a program that serves: the setting, the best evidence, else the usual one as a guess.
pub fn port(resolver: &mut Resolver<'_>, kind: Kind, usual: u16) -> Result<Option<u16>, Failure> {
    if kind != Kind::Web && resolver.setting("port").is_none() {
        return Ok(None);
    }
    let mut slot = resolver.component.facts.port.clone();
    if slot.is_empty() {
        let because = Evidence::rule("default", "no port was found; this one is usual");
        slot.add(usual, Rank::Default, Confidence::Guess, because);
    }
    let told = resolver.component.facts.port_variable.value();
    if let (Some(port), Some(name)) = (slot.value(), told)
        && *port < 1024
    {
        let why = format!(
            "{name} decides the port, and below 1024 not every platform lets a plain user listen"
        );
        slot.certain(usual, Rank::Dedicated, Evidence::rule("default", why));
    }
    Ok(resolver
        .choose("port", &slot, |text| text.parse().ok())?
        .map(|found| found.value))
}
