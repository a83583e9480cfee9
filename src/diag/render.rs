//! A diagnostic as text for people. Repository text is stripped of terminal controls first.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::text::is_hidden;

/// Whether to colour; decided once, by the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    Plain,
    Coloured,
}

/// Draws one diagnostic as a compiler would, without a final newline.
pub fn render(diagnostic: &Diagnostic, palette: Palette) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = plain(&diagnostic.message);
    let title = level.primary_title(message.as_str()).id(diagnostic.code);
    let path;
    let text;
    let group = match &diagnostic.snippet {
        Some((source, span)) => {
            path = source.path.to_string();
            text = plain_text(&source.text);
            let end = span.end.min(text.len()).max(span.start.min(text.len()));
            let start = span.start.min(end);
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                Group::with_title(title).element(
                    Snippet::source(text.as_str())
                        .path(path.as_str())
                        .annotation(AnnotationKind::Primary.span(start..end)),
                )
            } else {
                Group::with_title(title)
            }
        }
        None => match &diagnostic.at {
            Some(at) => {
                path = at.to_string();
                Group::with_title(title).element(annotate_snippets::Origin::path(path.as_str()))
            }
            None => Group::with_title(title),
        },
    };
    let help = diagnostic.help.as_deref().map(plain);
    let renderer = match palette {
        Palette::Plain => Renderer::plain(),
        Palette::Coloured => Renderer::styled(),
    };
    match &help {
        None => renderer.render(&[group]).clone(),
        // Below a place the help belongs to it; without one it is a line of its own.
        Some(help) if diagnostic.at.is_some() => {
            let group = group.element(Level::HELP.message(help.as_str()));
            renderer.render(&[group]).clone()
        }
        Some(help) => {
            let below = Group::with_title(Level::HELP.secondary_title(help.as_str()));
            let problem = renderer.render(&[group]);
            format!("{problem}\n  {}", renderer.render(&[below]))
        }
    }
}

/// Text of a repository for a terminal: hidden characters would let a manifest drive it, or let it
/// show something else than it says.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if misleads(c) { '\u{fffd}' } else { c })
        .collect()
}

fn misleads(c: char) -> bool {
    is_hidden(c) && c != '\n' && c != '\t'
}

/// Keeps every byte offset: a hidden character is replaced by as many spaces as it has bytes.
fn plain_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) {
            plain.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            plain.push(c);
        }
    }
    plain
}
