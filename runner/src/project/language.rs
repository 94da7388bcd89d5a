//! The languages that a plugin can be begun in.

use std::fmt;

/// A language that there can be a template for.
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

impl Language {
    /// The directory of its template.
    pub(super) fn directory(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Zig => "zig",
            Self::Go => "go",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::AssemblyScript => "assemblyscript",
            Self::Kotlin => "kotlin",
            Self::Nim => "nim",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Zig => "Zig",
            Self::Go => "Go",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::AssemblyScript => "AssemblyScript",
            Self::Kotlin => "Kotlin",
            Self::Nim => "Nim",
        })
    }
}
