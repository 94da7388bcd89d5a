//! A plugin that is being written: how a project is begun, built, and made a component.

mod componentize;
mod language;

pub(crate) use componentize::Encoding;
pub(crate) use language::Language;
