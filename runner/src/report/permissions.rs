//! What a command may reach, why, and what it was denied.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Map, Value, json};

use super::rows::MAX_TEXT;
use super::{JSON_VERSION, MAX_MESSAGE, Report};
use crate::audit::{self, Suggestion, Tried};
use crate::cli::Format;
use crate::permission::{Capability, Explanation, Grants, Kind, NOT_GRANTED, Operation};
use crate::plugin::{Name, Plugin};
use crate::sandbox::Limits;
use crate::text::{columns, plain, plain_within, visible};

/// How many denials a person is shown; the audit has all of them.
const MAX_SHOWN: usize = 8;

/// How many a program is told.
const MAX_LISTED: usize = 100;

/// A command with what it may reach.
pub(crate) struct Standing<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) grants: &'a Grants,
    pub(crate) limits: Limits,
}

impl Report {
    /// `permissions show`.
    pub(crate) fn permissions(&self, standing: &Standing<'_>) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&crate::text::json(&standing.json(), true)),
            Format::Human => self.console.out_lines(&standing.text()),
        }
    }

    /// `permissions explain`.
    pub(crate) fn explanation(&self, command: &Name, explanation: &Explanation) -> io::Result<()> {
        let Explanation { asked, target, ruling, requested, granted, denied } = explanation;
        let word = if ruling.allowed { "allowed" } else { "denied" };
        if self.format == Format::Json {
            let value = json!({
                "version": JSON_VERSION,
                "command": command,
                "kind": asked.kind,
                "target": target,
                "decision": word,
                "rule": *ruling.rule,
                "requested": requested,
                "granted": texts(granted),
                "denied": texts(denied),
            });
            return self.line(&crate::text::json(&value, true));
        }
        let mut table = table();
        table.add_row(["decided by", &plain_within(&ruling.rule, MAX_TEXT)]);
        table.add_row(["requested", if *requested { "yes" } else { "no" }]);
        for (what, rules) in [("granted by", granted), ("denied by", denied)] {
            for rule in rules {
                table.add_row([what, &plain_within(rule, MAX_TEXT)]);
            }
        }
        let target = plain_within(target, MAX_TEXT);
        let text =
            format!("{command}: {} {target}: {word}\n{}\n", asked.kind.key(), table.trim_fmt());
        self.console.out_lines(&text)
    }

    /// `permissions suggest`: a policy as it can be put into a configuration file.
    pub(crate) fn suggestions(&self, suggestions: &BTreeMap<String, Suggestion>) -> io::Result<()> {
        let policy = |suggestion: &Suggestion| -> Map<String, Value> {
            let least = suggestion.least();
            least.iter().map(|(kind, targets)| (kind.key().to_owned(), json!(targets))).collect()
        };
        if self.format == Format::Json {
            let one = |suggestion: &Suggestion| {
                json!({
                    "policy": policy(suggestion),
                    "denied": suggestion.denied.iter().map(|(operation, target)| {
                        json!({ "operation": operation, "target": target })
                    }).collect::<Vec<_>>(),
                    "failed": suggestion.failed.iter().map(|(operation, target, result)| {
                        json!({ "operation": operation, "target": target, "result": result })
                    }).collect::<Vec<_>>(),
                    "unused": suggestion.unused().map(|grant| {
                        json!({ "kind": grant.kind, "target": grant.target, "source": grant.source })
                    }).collect::<Vec<_>>(),
                })
            };
            let commands: Map<_, _> =
                suggestions.iter().map(|(name, of)| (name.clone(), one(of))).collect();
            let value = json!({ "version": JSON_VERSION, "commands": commands });
            return self.line(&crate::text::json(&value, true));
        }
        let mut text = String::new();
        let policies: Map<String, Value> =
            suggestions.iter().map(|(name, of)| (name.clone(), policy(of).into())).collect();
        text.push_str(&yaml(&json!({ "permissions": policies })));
        for (name, suggestion) in suggestions {
            for (operation, target) in &suggestion.denied {
                text.push_str(&format!(
                    "# {name} was denied: {} {}\n",
                    operation.as_str(),
                    plain_within(target, MAX_TEXT)
                ));
            }
            for (operation, target, result) in &suggestion.failed {
                text.push_str(&format!(
                    "# {name} was allowed, and the system refused: {} {} ({})\n",
                    operation.as_str(),
                    plain_within(target, MAX_TEXT),
                    result.as_str()
                ));
            }
            for grant in suggestion.unused() {
                text.push_str(&format!(
                    "# {name} did not use: {} {} ({})\n",
                    grant.kind.key(),
                    plain_within(&grant.target, MAX_TEXT),
                    plain_within(&grant.source, MAX_TEXT)
                ));
            }
        }
        self.console.out(&visible(&text))
    }

    /// What a command was denied while it ran, each with the line that would allow it. A look at what is
    /// not granted is worth a word only where the command did not succeed. `is_raw`: what stands behind
    /// its name is all its own.
    pub(crate) fn denials<'a>(
        &self,
        (command, is_raw): (&Name, bool),
        workspace: &Path,
        denied: impl Iterator<Item = &'a Tried>,
        succeeded: bool,
    ) {
        let is_news = |tried: &&Tried| {
            let is_look = matches!(tried.operation, Operation::Stat | Operation::Environment);
            !is_look || (!succeeded && tried.operation != Operation::Environment)
        };
        let denied: Vec<&Tried> = denied.filter(is_news).collect();
        if denied.is_empty() {
            return;
        }
        if self.format == Format::Json {
            let all = denied.len();
            let denied: Vec<Value> = denied
                .iter()
                .take(MAX_LISTED)
                .map(|tried| {
                    json!({
                        "operation": tried.operation,
                        "target": tried.target,
                        "rule": tried.rule,
                        "allow": allowing(tried).map(|capability| capability.to_string()),
                    })
                })
                .collect();
            self.json(&json!({
                "version": JSON_VERSION,
                "denied": { "command": command, "count": all, "accesses": denied },
            }));
            return;
        }
        self.console.clear_bar();
        let mut text = format!("{command} was denied:\n");
        for tried in denied.iter().take(MAX_SHOWN) {
            let Tried { operation, target, rule, .. } = tried;
            let target = plain_within(target, MAX_TEXT);
            let rule = plain_within(rule, MAX_TEXT);
            text.push_str(&format!("  {} {target}: {rule}\n", operation.as_str()));
        }
        if denied.len() > MAX_SHOWN {
            let more = denied.len() - MAX_SHOWN;
            text.push_str(&format!("  and {more} more: `--audit FILE` records all\n"));
        }
        let allowing: BTreeSet<(Capability, String)> = denied
            .iter()
            .take(MAX_SHOWN)
            .filter_map(|tried| {
                let capability = allowing(tried)?;
                let in_policy = match capability.kind.access() {
                    Some(_) => audit::relative(workspace, &tried.target),
                    None => tried.target.clone(),
                };
                Some((capability, in_policy))
            })
            .collect();
        self.console.err_lines(&text);
        for (capability, in_policy) in &allowing {
            let section = json!({ command.as_str(): { capability.kind.key(): [in_policy] } });
            // Behind the name of a program that is passed what was typed, it would be the program's.
            let line = match is_raw {
                true => format!("taskrunner {capability} {command} …"),
                false => capability.to_string(),
            };
            let help = format!(
                "help: `{line}` allows it for one run, `permissions: {section}` in the configuration always"
            );
            // What cannot be shown as it is cannot be typed from what is shown; and what is to be pasted is broken
            // by the terminal alone, which puts nothing into it.
            if columns(&help) <= MAX_MESSAGE && plain(&help) == help {
                self.console.err(&format!("{help}\n"));
            }
        }
    }
}

/// The grant that would allow what was denied; none where no grant does.
fn allowing(tried: &Tried) -> Option<Capability> {
    let kind = tried.operation.needs()?;
    let target = || match kind.access() {
        Some(_) => audit::literal(&tried.target),
        None => tried.target.clone(),
    };
    (tried.rule == NOT_GRANTED).then(|| Capability::new(kind, target()))
}

impl Standing<'_> {
    fn json(&self) -> Value {
        let Self { plugin, grants, limits } = self;
        let of = |capability: &Capability, source| {
            audit::sourced(capability.kind, &capability.target, source)
        };
        json!({
            "version": JSON_VERSION,
            "command": plugin.manifest.name(),
            "digest": format!("sha256:{}", plugin.digest),
            "source": plugin.source(),
            "granted": grants.effective().iter()
                .map(|one| of(&one.capability, &one.source)).collect::<Vec<_>>(),
            "denied": grants.denials()
                .map(|(kind, target, source)| audit::sourced(kind, target, source))
                .collect::<Vec<_>>(),
            "refused": grants.refused().iter().map(|request| json!({
                "kind": request.capability.kind,
                "target": request.capability.target,
                "reason": request.reason,
            })).collect::<Vec<_>>(),
            "withheld": grants.withheld().iter()
                .map(|one| of(&one.capability, &one.source)).collect::<Vec<_>>(),
            "limits": limits.json(),
        })
    }

    fn text(&self) -> String {
        let Self { plugin, grants, limits } = self;
        let mut table = table();
        let mut add = |what: &str, kind: Kind, target: &str, why: &str| {
            let (target, why) = (plain_within(target, MAX_TEXT), plain_within(why, MAX_TEXT));
            table.add_row([what, kind.key(), &target, &why]);
        };
        for effective in grants.effective() {
            let Capability { kind, target } = &effective.capability;
            add("granted", *kind, target, &effective.source.to_string());
        }
        for (kind, target, source) in grants.denials() {
            add("denied", kind, target, &source.to_string());
        }
        for request in grants.refused() {
            let Capability { kind, target } = &request.capability;
            add("not granted", *kind, target, &request.reason);
        }
        for withheld in grants.withheld() {
            let Capability { kind, target } = &withheld.capability;
            let source = format!("{}, which is not trusted", withheld.source);
            add("withheld", *kind, target, &source);
        }
        let limits: Vec<String> = limits.display().collect();
        format!(
            "{} ({}, sha256:{})\n{}limits: {}\n",
            plugin.manifest.name(),
            plain_within(&plugin.source(), MAX_TEXT),
            plugin.digest,
            match table.is_empty() {
                true if plugin.manifest.bounds().is_none() => {
                    "  is granted nothing, and nobody says what it needs\n".to_owned()
                }
                true => "  requests nothing and is granted nothing\n".to_owned(),
                false => format!("{}\n", table.trim_fmt()),
            },
            limits.join(", ")
        )
    }
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn texts(rules: &[std::sync::Arc<str>]) -> Vec<&str> {
    rules.iter().map(AsRef::as_ref).collect()
}

fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Verdict;
    use crate::permission::Answer;

    #[test]
    fn only_what_a_grant_would_allow_has_a_line_that_allows_it() {
        let tried = |operation, rule: &str| Tried {
            operation,
            target: "/x".into(),
            decision: Verdict::Denied,
            rule: rule.into(),
            answer: Answer::default(),
        };
        let line = |tried: &Tried| allowing(tried).map(|capability| capability.to_string());
        assert_eq!(
            line(&tried(Operation::Remove, "not granted")).as_deref(),
            Some("--allow-write /x")
        );
        let hostile = Tried { target: "/x;$(y)".into(), ..tried(Operation::Read, "not granted") };
        assert_eq!(line(&hostile).as_deref(), Some("--allow-read '/x;$(y)'"));
        assert_eq!(line(&tried(Operation::Read, "not requested")), None);
        assert_eq!(line(&tried(Operation::Listen, "not granted")), None);
    }
}
