//! Names of environment variables, and the patterns that stand for several.

use std::fmt;

/// The name of a variable, or all names with one beginning: `HOME`, `CARGO_*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariablePattern {
    name: String,
    is_prefix: bool,
}

impl VariablePattern {
    /// None where this can be no variable's name (POSIX: letters, digits and `_`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, is_prefix) = match text.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        let is_name = !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && (is_prefix || !name.is_empty());
        is_name.then(|| Self { name: name.to_owned(), is_prefix })
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        if self.is_prefix { name.starts_with(&self.name) } else { name == self.name }
    }

    /// Whether every name is matched that the other matches.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.matches(&other.name) && (self.is_prefix || !other.is_prefix)
    }

    /// Whether some name is matched by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.is_prefix, other.is_prefix) {
            (true, true) => {
                self.name.starts_with(&other.name) || other.name.starts_with(&self.name)
            }
            (_, false) => self.matches(&other.name),
            (false, true) => other.matches(&self.name),
        }
    }
}

impl fmt::Display for VariablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, if self.is_prefix { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_at_the_end() {
        let pattern = |text: &str| VariablePattern::parse(text);
        for bad in ["", "1A", "A=B", "A*B", "**", "a-b", "ż"] {
            assert_eq!(pattern(bad), None, "{bad}");
        }
        let matches = |text: &str, name: &str| pattern(text).expect("a pattern").matches(name);
        assert!(matches("HOME", "HOME") && !matches("HOME", "HOMES") && !matches("HOME", "home"));
        assert!(matches("CARGO_*", "CARGO_X") && !matches("CARGO_*", "CARGO"));
        assert!(matches("*", "ANY"));
        let covers = |a: &str, b: &str| {
            pattern(a).expect("a pattern").covers(&pattern(b).expect("a pattern"))
        };
        assert!(covers("*", "A") && covers("A*", "AB*") && covers("A", "A"));
        assert!(!covers("A", "A*") && !covers("AB*", "A*") && !covers("A", "B"));
        let overlap = |a: &str, b: &str| {
            let (a, b) = (pattern(a).expect("a pattern"), pattern(b).expect("a pattern"));
            assert_eq!(a.overlaps(&b), b.overlaps(&a));
            a.overlaps(&b)
        };
        assert!(overlap("A*", "AB") && overlap("A*", "AB*") && overlap("A", "A"));
        assert!(!overlap("A*", "B*") && !overlap("A", "AB") && !overlap("AB*", "A"));
    }
}
