//! JSON: validated, then without its white space. Numbers keep their text, and objects their keys in
//! their order, twice where they stand twice.

use serde::de::IgnoredAny;

/// Removes the white space between the tokens of a JSON text.
pub(super) fn minify(source: &str) -> Result<String, String> {
    serde_json::from_str::<IgnoredAny>(source).map_err(|error| error.to_string())?;
    let mut text = String::with_capacity(source.len());
    let (mut in_string, mut escaped) = (false, false);
    text.extend(source.chars().filter(|character| {
        if in_string {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            return true;
        }
        in_string = *character == '"';
        !matches!(character, ' ' | '\t' | '\n' | '\r')
    }));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_goes() {
        let source = " { \"b\" : 1.50e+2 , \"a\" : [ 12345678901234567890.10 , -0 ] ,\n\t\"a\" : \
                      \"x  \\\" \\\\\" , \"c\\u0020\" : null } \r\n";
        let expected = "{\"b\":1.50e+2,\"a\":[12345678901234567890.10,-0],\"a\":\"x  \\\" \\\\\",\
                        \"c\\u0020\":null}";
        assert_eq!(minify(source).expect("it is JSON"), expected);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for source in ["", "{\"a\": 1,}", "// comment\n{}", "{} {}", "[1", "\u{feff}{}"] {
            let reason = minify(source).expect_err(source);
            assert!(reason.contains("line 1"), "{reason}");
        }
    }

    #[test]
    fn a_deep_text_does_not_overflow_the_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(minify(&deep).expect("it is JSON"), deep);
    }
}
