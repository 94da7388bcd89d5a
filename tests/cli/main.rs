//! The program from the outside, topic by topic: its arguments, files and environment go in, and its
//! exit code, its two outputs and the files it leaves are looked at.

mod harness;

mod arguments;
mod build;
mod clean;
mod completions_and_man;
mod configuration;
mod describing;
mod discovery;
mod embedded;
mod exit_codes;
mod grants;
mod help;
mod hostile_configuration;
mod hostile_disk;
mod hostile_files;
mod limits;
mod logging;
mod new_plugin;
mod output;
mod path_arguments;
mod retries;
mod surroundings;
mod timings;
