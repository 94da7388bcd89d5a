//! Text from a file, made fit for a terminal.

use crate::text::push_visible;

/// The text with deceptive characters written as `\u{1b}`, cut off after `limit` characters.
pub(super) fn visible(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        match c {
            '\n' | '\t' => shown.extend(c.escape_default()),
            _ => push_visible(&mut shown, c),
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
