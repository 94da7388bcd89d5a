//! The command on real directories.

mod git;
mod kinds;
mod options;
mod output;
mod patterns;
mod safety;
mod workspace;
