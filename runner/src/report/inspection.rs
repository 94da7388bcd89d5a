//! What a plugin is, and what it can never do.

use std::io;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Value, json};

use super::rows::MAX_TEXT;
use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::plugin::{Ability, Inspection, ItemKind, Verdict, brief};
use crate::text::{plain, plain_within, visible_line};

/// The most imports or exports that are shown to people: a file may have a million.
const MAX_LINES: usize = 60;

impl Report {
    /// `taskrunner inspect`. `forbidden` is what the file could do and must not.
    pub(crate) fn inspection(
        &self,
        inspection: &Inspection,
        forbidden: &[Ability],
    ) -> io::Result<()> {
        match self.format {
            Format::Human => {
                let source = plain_within(&inspection.source.display().to_string(), MAX_TEXT);
                let facts = facts(inspection);
                let verdict = verdict(&inspection.verdict);
                self.console.out_lines(&format!("{source}\n{facts}\n{verdict}"))
            }
            Format::Json => self.line(&crate::text::json(&json(inspection, forbidden), true)),
        }
    }
}

/// What is known of the file, a line each.
fn facts(inspection: &Inspection) -> String {
    let Inspection { size, digest, facts, manifest, .. } = inspection;
    let mut table = table();
    let mut add = |what: &str, lines: Vec<String>| {
        let mut what = what.to_owned();
        for line in lines {
            table.add_row([format!("  {}", std::mem::take(&mut what)), line]);
        }
    };
    add("kind", vec![visible_line(&facts.kind.to_string())]);
    add("size", vec![format!("{size} bytes")]);
    add("digest", vec![format!("sha256:{digest}")]);
    if let Ok(manifest) = manifest {
        let (name, version, summary) = (manifest.name(), &manifest.version, &manifest.summary);
        add("command", vec![format!("{name} {version}: {}", plain(summary))]);
        let requests = manifest.requests.iter();
        let request =
            requests.map(|request| format!("{} ({})", request.capability, request.reason));
        add("requests", request.map(|line| plain_within(&line, MAX_TEXT)).collect());
        if manifest.bounds().is_none() {
            add("requests", vec!["nobody says what it needs: what you grant decides".to_owned()]);
        }
    }
    add("imports", bounded(&facts.import_names()));
    add("exports", bounded(&facts.exports));
    add("remarks", inspection.remarks.iter().map(|line| plain_within(line, MAX_TEXT)).collect());
    table.trim_fmt()
}

fn bounded(names: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = names.iter().take(MAX_LINES).map(|name| brief(name)).collect();
    match names.len() - lines.len() {
        0 if lines.is_empty() => lines.push("none".to_owned()),
        0 => {}
        more => lines.push(format!("and {more} more")),
    }
    lines
}

/// What it can never do, and what it could.
fn verdict(verdict: &Verdict) -> String {
    let able = verdict.able(&Ability::ALL);
    let unable = Ability::ALL.into_iter().filter(|ability| !able.contains(ability));
    let could = |granted: bool| {
        let able = able.iter().filter(move |ability| ability.needs_grant() == granted);
        able.filter_map(|ability| Some((*ability, verdict.reason(*ability)?)))
    };
    let mut text = section(
        "It can never do this, whatever it is granted:",
        unable.map(|ability| (ability, ability.proof().to_owned())),
    );
    text.push_str(&section("It could do this, if it is granted:", could(true)));
    text.push_str(&section("It could do this, as every command may:", could(false)));
    if let [unknown, more @ ..] = verdict.unknown() {
        let more = match more.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        text.push_str(&format!(
            "\nNothing is proven: it imports `{}`{more}, which this runner does not provide\n",
            brief(unknown)
        ));
    }
    text
}

fn section(title: &str, abilities: impl Iterator<Item = (Ability, String)>) -> String {
    let mut table = table();
    for (ability, why) in abilities {
        table.add_row([format!("  {ability}"), why]);
    }
    if table.is_empty() {
        return String::new();
    }
    format!("\n{title}\n{}\n", table.trim_fmt())
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

fn json(inspection: &Inspection, forbidden: &[Ability]) -> Value {
    let Inspection { source, size, digest, facts, verdict, manifest, remarks, beside: _ } =
        inspection;
    let imports = facts.imports.iter().map(|import| {
        let items = |kind: fn(ItemKind) -> bool| {
            let items = import.items.iter().filter(move |item| kind(item.kind));
            items.map(|item| item.name.as_str()).collect::<Vec<_>>()
        };
        json!({
            "name": import.name,
            "functions": items(|kind| kind == ItemKind::Function),
            "others": items(|kind| matches!(kind, ItemKind::Instance | ItemKind::Other)),
        })
    });
    let abilities = Ability::ALL.into_iter().map(|ability| {
        let imports = verdict.imports_for(ability);
        json!({
            "name": ability.word(),
            "possible": !imports.is_empty(),
            "needs-grant": ability.needs_grant(),
            "imports": imports,
        })
    });
    json!({
        "version": JSON_VERSION,
        "source": source.to_string_lossy(),
        "kind": facts.kind.word(),
        "contract": facts.wit_version(),
        "size": size,
        "digest": format!("sha256:{digest}"),
        "imports": imports.collect::<Vec<_>>(),
        "exports": facts.exports,
        "unknown-imports": verdict.unknown(),
        "abilities": abilities.collect::<Vec<_>>(),
        "forbidden": forbidden.iter().map(|ability| ability.word()).collect::<Vec<_>>(),
        "manifest": manifest.as_ref().ok().map(|manifest| &**manifest),
        "remarks": remarks,
        "fault": manifest.as_ref().err().map(ToString::to_string),
    })
}
