//! The line format of go.mod and go.work.

/// The lines of one directive of go.mod or go.work, alone or in a block, without the keyword.
pub(super) fn directives<'t>(
    text: &'t str,
    keyword: &str,
) -> impl Iterator<Item = (std::ops::Range<usize>, Vec<&'t str>)> {
    let mut in_block = false;
    let mut found = Vec::new();
    let mut offset = 0;
    for raw in text.split_inclusive('\n') {
        let start = offset;
        offset += raw.len();
        let line = raw.split("//").next().unwrap_or_default().trim();
        let span = start..start + raw.trim_end().len();
        let mut words = line.split_whitespace();
        if in_block {
            if line == ")" {
                in_block = false;
            } else if !line.is_empty() {
                found.push((span, line.split_whitespace().collect()));
            }
        } else if words.next() == Some(keyword) {
            let rest: Vec<&str> = words.collect();
            match rest.as_slice() {
                ["("] => in_block = true,
                [] => {}
                _ => found.push((span, rest)),
            }
        }
    }
    found.into_iter()
}
