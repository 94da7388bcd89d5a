//! What differs between two entries of the lock.

use super::entry::Entry;
use crate::permission::{Capability, Kind, Targets};

/// What an update changes, or how a plugin differs from what was accepted.
#[derive(Debug)]
pub(crate) struct Change {
    /// None where the plugin was not in the lock.
    pub(crate) old: Option<Entry>,
    /// None where the plugin is no more.
    pub(crate) new: Option<Entry>,
}

/// Where the version went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Same,
    Upgrade,
    Downgrade,
}

/// One line of a difference: `+ request read src`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) added: bool,
    pub(crate) what: &'static str,
    pub(crate) text: String,
}

impl Change {
    pub(crate) fn is_none(&self) -> bool {
        self.old == self.new
    }

    pub(crate) fn direction(&self) -> Direction {
        match (&self.old, &self.new) {
            // What stands behind a `+` is no order.
            (Some(old), Some(new)) => match old.version.cmp_precedence(&new.version) {
                std::cmp::Ordering::Less => Direction::Upgrade,
                std::cmp::Ordering::Equal => Direction::Same,
                std::cmp::Ordering::Greater => Direction::Downgrade,
            },
            _ => Direction::Same,
        }
    }

    /// Requests that were not accepted before.
    pub(crate) fn new_requests(&self) -> Vec<Capability> {
        let Some(new) = &self.new else { return Vec::new() };
        let is_new = |capability: &Capability| {
            self.old.as_ref().is_none_or(|old| !old.requests.hold(capability))
        };
        new.requests.capabilities().filter(is_new).collect()
    }

    /// What was there and is no more, and what is new: imports, requests, grants.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let none = Targets::default();
        let targets = |entry: &Option<Entry>, of: fn(&Entry) -> &Targets| {
            texts(entry.as_ref().map_or(&none, of))
        };
        let imports = |entry: &Option<Entry>| {
            entry.as_ref().map(|entry| entry.imports.clone()).unwrap_or_default()
        };
        let mut lines = Vec::new();
        lines.extend(difference("import", &imports(&self.old), &imports(&self.new)));
        for (what, of) in [
            ("request", (|entry| &entry.requests) as fn(&Entry) -> &Targets),
            ("grant", |entry| &entry.grants),
        ] {
            lines.extend(difference(what, &targets(&self.old, of), &targets(&self.new, of)));
        }
        lines
    }
}

fn texts(targets: &Targets) -> Vec<String> {
    Kind::ALL
        .into_iter()
        .flat_map(|kind| targets.of(kind).iter().map(move |t| format!("{} {t}", kind.key())))
        .collect()
}

fn difference(what: &'static str, old: &[String], new: &[String]) -> Vec<Line> {
    let line = |added| move |text: &String| Line { added, what, text: text.clone() };
    let gone = old.iter().filter(|text| !new.contains(text)).map(line(false));
    let come = new.iter().filter(|text| !old.contains(text)).map(line(true));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Digest;

    fn entry(version: &str, requests: &[(Kind, &str)]) -> Entry {
        Entry {
            version: version.parse().expect("a version"),
            source: "embedded".into(),
            sha256: Digest::of(version.as_bytes()),
            manifest: None,
            wit: "0.1.0".into(),
            imports: Vec::new(),
            requests: Targets::new(requests.iter().map(|(k, t)| Capability::new(*k, *t))),
            grants: Targets::default(),
        }
    }

    #[test]
    fn what_is_new_is_what_was_not_accepted() {
        let new_requests = |old: &[(Kind, &str)], new: &[(Kind, &str)]| {
            let change = Change { old: Some(entry("1.0.0", old)), new: Some(entry("1.0.1", new)) };
            change.new_requests().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (read, write, env) = ((Kind::Read, "a"), (Kind::Write, "a"), (Kind::Env, "A"));
        assert!(new_requests(&[read, env], &[read]).is_empty());
        assert!(new_requests(&[write], &[read]).is_empty(), "who may write may read");
        assert_eq!(new_requests(&[read], &[write]), ["--allow-write a"]);
        assert_eq!(new_requests(&[], &[env]), ["--allow-env A"]);
        // Another spelling is another request: what is not known to be the same is new.
        assert_eq!(new_requests(&[read], &[(Kind::Read, "./a")]), ["--allow-read ./a"]);
    }

    #[test]
    fn versions_go_up_and_down() {
        let direction = |old: &str, new: &str| {
            Change { old: Some(entry(old, &[])), new: Some(entry(new, &[])) }.direction()
        };
        assert_eq!(direction("1.9.0", "1.10.0"), Direction::Upgrade);
        assert_eq!(direction("1.10.0", "1.9.0"), Direction::Downgrade);
        assert_eq!(direction("1.0.0", "1.0.0-rc.1"), Direction::Downgrade);
        assert_eq!(direction("1.0.0+a", "1.0.0+b"), Direction::Same);
    }
}
