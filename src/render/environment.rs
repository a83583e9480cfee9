//! The template engine, set up so that repository text cannot become an instruction.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use super::filters;
use crate::pack::PackSet;

/// Steps that one template may take; the largest built-in needs less than a hundredth.
const FUEL: u64 = 2_000_000;

/// The traps of minijinja 3 that this avoids: whitespace control stands on the syntax, not on the
/// environment; Python-style printing of booleans and lists is refused by the formatter.
pub(super) fn environment(packs: &PackSet) -> Environment<'_> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_formatter(format);
    let templates: std::collections::BTreeMap<String, String> = packs.all_templates();
    environment.set_loader(move |name| Ok(templates.get(name).cloned()));
    filters::install(&mut environment);
    // These mark any text as safe, which is the filters' part here.
    for filter in ["safe", "escape", "e"] {
        environment.remove_filter(filter);
    }
    environment
}

/// Prints numbers, texts that a filter has made safe, and texts of harmless characters. Anything
/// else must go through a filter for the place where it stands, so that a value with a newline, a
/// quote or a `$` cannot reach the file by being pasted.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let refuse = |what: String| {
        Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{what} needs a filter that writes it for its place"),
        ))
    };
    match value.kind() {
        ValueKind::Number => {}
        ValueKind::String if value.is_safe() => {}
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            if !filters::is_harmless(text) {
                return refuse(format!(
                    "the text {:?}",
                    text.chars().take(60).collect::<String>()
                ));
            }
        }
        ValueKind::Undefined => return refuse("an undefined value".to_owned()),
        kind => return refuse(format!("a {kind}")),
    }
    minijinja::escape_formatter(out, state, value)
}
