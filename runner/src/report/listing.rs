//! Which commands there are.

use std::io;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Value, json};

use super::rows::MAX_TEXT;
use super::{JSON_VERSION, MAX_MESSAGE, Report};
use crate::cli::Format;
use crate::plugin::{Fault, Listing, Plugin};
use crate::text::{plain, plain_within};

impl Report {
    /// `taskrunner` alone.
    pub(crate) fn overview(&self, listing: &Listing) -> io::Result<()> {
        match self.format {
            Format::Json => self.list(listing),
            Format::Human => {
                let commands = table(listing.commands.values());
                self.console.out_lines(&format!(
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
                    let (source, winner) =
                        (plain_within(&plugin.source(), MAX_TEXT), plain_within(&winner, MAX_TEXT));
                    text.push_str(&format!("  {name} in {source} is hidden by {winner}\n"));
                }
                self.console.out_lines(&text)?;
                self.faults(listing);
                Ok(())
            }
        }
    }

    /// Something about a plugin that somebody should know.
    fn remark(&self, plugin: &Plugin, remark: &str) {
        match self.format {
            Format::Human => {
                let line = plain_within(&format!("{}: {remark}", plugin.source()), MAX_MESSAGE);
                self.console.err_lines(&format!("warning: {line}\n"));
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
                    let fault = plain_within(&fault.to_string(), MAX_MESSAGE);
                    self.console.err_lines(&format!("warning: {fault}\n"));
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
            plain(&plugin.manifest.summary),
            plain_within(&origin, MAX_TEXT),
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
