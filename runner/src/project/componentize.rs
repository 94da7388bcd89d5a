//! Makes components of core modules.

/// How a module writes its strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}
