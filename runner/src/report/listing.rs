//! Which commands there are.

use std::io;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Value, json};

use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::plugin::{Fault, Listing, Plugin};
use crate::text::visible_line;

impl Report {
    /// `taskrunner` alone.
    pub(crate) fn overview(&self, listing: &Listing) -> io::Result<()> {
        match self.format {
            Format::Json => self.list(listing),
            Format::Human => {
                let commands = table(listing.commands.values());
                self.console.out(&format!(
                    "Usage: taskrunner [OPTIONS] COMMAND [ARGUMENTS]\n\nCommands:\n{commands}\n\n\
                     `taskrunner help COMMAND` tells more of a command, `taskrunner --help` of the runner.\n"
                ))?;
                self.faults(listing);
                Ok(())
            }
        }
    }

    /// `taskrunner list`.
    pub(crate) fn list(&self, listing: &Listing) -> io::Result<()> {
        match self.format {
            Format::Json => self.line(&crate::text::json(&json(listing), true)),
            Format::Human => {
                let mut text = format!("{}\n", table(listing.commands.values()));
                for plugin in &listing.shadowed {
                    let name = plugin.manifest.name();
                    let winner = listing
                        .commands
                        .get(name)
                        .map_or_else(|| "a file with a fault".to_owned(), Plugin::source);
                    text.push_str(&visible_line(&format!(
                        "  {name} in {} is hidden by {winner}",
                        plugin.source()
                    )));
                    text.push('\n');
                }
                self.console.out(&text)?;
                self.faults(listing);
                Ok(())
            }
        }
    }

    /// Something about a plugin that somebody should know.
    fn remark(&self, plugin: &Plugin, remark: &str) {
        match self.format {
            Format::Human => {
                let line = visible_line(&format!("{}: {remark}", plugin.source()));
                self.console.err(&format!("warning: {line}\n"));
            }
            Format::Json => self.json(&json!({
                "version": JSON_VERSION,
                "warning": { "path": plugin.source(), "message": remark },
            })),
        }
    }

    /// Files that are no usable plugins: said, and no reason to stop.
    pub(crate) fn faults(&self, listing: &Listing) {
        let plugins = listing.commands.values().chain(&listing.shadowed);
        for plugin in plugins {
            for remark in &plugin.remarks {
                self.remark(plugin, remark);
            }
        }
        for fault in &listing.faults {
            match self.format {
                Format::Human => {
                    self.console.err(&format!("warning: {}\n", visible_line(&fault.to_string())));
                }
                Format::Json => {
                    self.json(&json!({ "version": JSON_VERSION, "warning": json_fault(fault) }))
                }
            }
        }
    }
}

fn table<'a>(plugins: impl Iterator<Item = &'a Plugin>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for plugin in plugins {
        let origin = match &plugin.path {
            Some(path) => format!("[{}: {}]", plugin.origin, path.display()),
            None => format!("[{}]", plugin.origin),
        };
        table.add_row([
            format!(" {}", plugin.manifest.name()),
            plugin.manifest.summary.clone(),
            visible_line(&origin),
        ]);
    }
    table.trim_fmt()
}

fn json(listing: &Listing) -> Value {
    let plugin = |plugin: &Plugin| {
        json!({
            "name": plugin.manifest.name(),
            "version": plugin.manifest.version,
            "summary": plugin.manifest.summary,
            "origin": plugin.origin,
            "path": plugin.path.as_ref().map(|path| path.to_string_lossy()),
            "digest": format!("sha256:{}", plugin.digest),
        })
    };
    json!({
        "version": JSON_VERSION,
        "commands": listing.commands.values().map(plugin).collect::<Vec<_>>(),
        "shadowed": listing.shadowed.iter().map(plugin).collect::<Vec<_>>(),
        "faults": listing.faults.iter().map(json_fault).collect::<Vec<_>>(),
    })
}

fn json_fault(fault: &Fault) -> Value {
    json!({ "path": fault.path.to_string_lossy(), "message": fault.kind.to_string() })
}
