//! The tokens of a JSON text and where they are.

use std::borrow::Cow;
use std::ops::Range;

use super::error::Fault;
use super::outline::Event;

/// The tokens of a text that `serde_json` accepts; of another text, anything, but never a panic.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// How long the token is that starts the text.
    fn length(rest: &str) -> usize {
        let bytes = rest.as_bytes();
        match bytes.first() {
            Some(b'"') => {
                let mut escaped = false;
                let closing = bytes.iter().skip(1).position(|&byte| {
                    let closes = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    closes
                });
                closing.map_or(rest.len(), |before| before + 2)
            }
            Some(b'{' | b'}' | b'[' | b']') => 1,
            _ => rest.find(|c| " \t\r\n,:{}[]\"".contains(c)).unwrap_or(rest.len()),
        }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Result<(Event<'t>, Range<usize>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        // Commas and colons tell nothing more once the text is known to be JSON.
        let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        let start = self.text.len() - rest.len();
        let token = &rest[..Self::length(rest)];
        self.at = start + token.len();
        let event = match token.as_bytes().first()? {
            b'{' => Event::Object,
            b'[' => Event::Array,
            b'}' | b']' => Event::Close,
            b'"' => {
                let text = serde_json::from_str(token).map_or(Cow::Borrowed(token), Cow::Owned);
                Event::Scalar { text, plain: false }
            }
            _ => Event::Scalar { text: Cow::Borrowed(token), plain: true },
        };
        Some(Ok((event, start..self.at)))
    }
}
