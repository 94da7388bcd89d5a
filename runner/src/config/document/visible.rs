//! Text from a file, made fit for a terminal.

/// Whether a character would act on the terminal, or on the order or presence of what it shows,
/// instead of being shown.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with such characters written as `\u{1b}`, cut off after `limit` characters.
pub(super) fn visible(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            _ if acts(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn text_that_would_act_is_spelled_out() {
        assert_eq!(
            visible("a\u{1b}[31m\nb\u{202e}c\u{9b}", 99),
            "a\\u{1b}[31m\\nb\\u{202e}c\\u{9b}"
        );
    }

    #[test]
    fn text_is_cut_off() {
        assert_eq!(visible("äöü", 2), "äö…");
        assert_eq!(visible("äöü", 3), "äöü");
    }
}
