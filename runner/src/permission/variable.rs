//! Environment variables: patterns of their names, and the rules about them.

use std::collections::HashMap;
use std::fmt;

use super::grants::Effective;
use super::rule::VariableRule;
use super::{AccessResult, Answered, Capability, Decision, Kind, Operation, Ruling};

/// The name of a variable, or all names with one beginning: `HOME`, `CARGO_*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    pub(crate) fn is_prefix(&self) -> bool {
        self.is_prefix
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

/// The rules about variables, which are decided before anything runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    pub(super) requested: Vec<VariablePattern>,
    pub(super) granted: Vec<VariableRule>,
    pub(super) denied: Denials,
}

/// The denials, and where each pattern stands first among them: a variable costs the same whether there are ten or
/// ten thousand.
#[derive(Clone, Debug, Default)]
pub(super) struct Denials {
    rules: Vec<VariableRule>,
    first: HashMap<VariablePattern, usize>,
}

impl Denials {
    pub(super) fn push(&mut self, rule: VariableRule) {
        self.first.entry(rule.pattern.clone()).or_insert(self.rules.len());
        self.rules.push(rule);
    }

    pub(super) fn all(&self) -> &[VariableRule] {
        &self.rules
    }

    /// The first that matches a name.
    fn of(&self, name: &str) -> Option<&VariableRule> {
        if self.rules.is_empty() {
            return None;
        }
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        let prefixes =
            ends.map(|end| VariablePattern { name: name[..end].into(), is_prefix: true });
        let itself = VariablePattern { name: name.into(), is_prefix: false };
        let found = prefixes.chain([itself]).filter_map(|pattern| self.first.get(&pattern));
        found.min().map(|index| &self.rules[*index])
    }
}

impl Variables {
    /// Whether the guest sees a variable.
    pub(super) fn check(&self, name: &str) -> Ruling {
        let denied = self.denied.of(name).map(|rule| rule.label.clone());
        let granted = self.granted.iter().find(|rule| rule.pattern.matches(name));
        match (denied, granted.map(|rule| rule.label.clone())) {
            (Some(rule), _) => Ruling { allowed: false, rule },
            (None, None) => Ruling::not_granted(),
            (None, Some(_)) if !self.requests(name) => Ruling::denied("not requested"),
            (None, Some(rule)) => Ruling { allowed: true, rule },
        }
    }

    /// Whether a request and a grant have something in common that is not denied as a whole.
    pub(super) fn is_granted_in_part(&self, wanted: &VariablePattern) -> bool {
        self.granted.iter().any(|rule| rule.pattern.overlaps(wanted))
            && !self.denied.all().iter().any(|rule| rule.pattern.covers(wanted))
    }

    fn requests(&self, name: &str) -> bool {
        self.requested.iter().any(|pattern| pattern.matches(name))
    }

    /// Those of the variables that the guest sees, and what was decided of those that it requests.
    pub(super) fn decide(
        &self,
        environment: &[(String, String)],
    ) -> (Vec<(String, String)>, Vec<Decision>) {
        let (mut seen, mut decided) = (Vec::new(), Vec::new());
        for (name, value) in environment.iter().filter(|(name, _)| self.requests(name)) {
            let ruling = self.check(name);
            if ruling.allowed {
                seen.push((name.clone(), value.clone()));
            } else if !self
                .requested
                .iter()
                .any(|pattern| !pattern.is_prefix && pattern.matches(name))
            {
                // Who asks for all of them asks for none in particular.
                continue;
            }
            let result = if ruling.allowed { AccessResult::Ok } else { AccessResult::Absent };
            decided.push(ruling.on(Operation::Environment, name, Answered::Now(result.into())));
        }
        (seen, decided)
    }

    /// Where requests and grants meet: the narrower of the two.
    pub(super) fn effective(&self) -> impl Iterator<Item = Effective> {
        self.granted.iter().flat_map(|rule| {
            let meets = self.requested.iter().filter(|pattern| pattern.overlaps(&rule.pattern));
            meets.filter_map(|requested| {
                let narrower =
                    if rule.pattern.covers(requested) { requested } else { &rule.pattern };
                // What is denied as a whole is no gain to anybody.
                let mut denied = self.denied.all().iter();
                let is_denied = denied.any(|denied| denied.pattern.covers(narrower));
                (!is_denied).then(|| Effective {
                    capability: Capability::new(Kind::Env, narrower.to_string()),
                    source: rule.source.clone(),
                })
            })
        })
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
