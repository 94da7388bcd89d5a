//! A plugin that is being written: how a project is begun, built, made a component, and tested.

pub(crate) mod cases;
mod componentize;
mod language;
pub(crate) mod testing;

pub(crate) use componentize::Encoding;
pub(crate) use language::Language;
