//! The languages that a plugin can be begun in.

/// A language that there is a template for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Language {
    Rust,
    C,
    #[value(alias = "c++")]
    Cpp,
    Zig,
    Go,
    #[value(alias = "py")]
    Python,
    #[value(alias = "js")]
    JavaScript,
    #[value(alias = "ts")]
    TypeScript,
    AssemblyScript,
    Kotlin,
    Nim,
}
