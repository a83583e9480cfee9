/// A character that no reader sees or that changes how the text around it is read: controls, line
/// and paragraph separators, marks of the reading direction, zero-width characters, tags. Names
/// from a repository never carry one into a file or onto a terminal.
///
/// Source: Unicode 16, general categories Cc, Cf, Zl and Zp; UTS 55 on what they do to source code.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text holds an [`is_hidden`] character.
pub fn has_hidden(text: &str) -> bool {
    // Most texts are plain ASCII, which is seen without decoding and many bytes at a time.
    let plain = |plain: bool, byte| plain & matches!(byte, b' '..=b'~');
    !text.bytes().fold(true, plain) && text.chars().any(is_hidden)
}

/// JSON with hidden characters as escapes; line ends of its layout stay.
pub fn visible_json(json: String) -> String {
    if !json.split('\n').any(has_hidden) {
        return json;
    }
    let mut visible = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                visible.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            visible.push(c);
        }
    }
    visible
}
