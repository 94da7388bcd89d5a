//! The program from the outside, topic by topic: its arguments, files and environment go in, and its
//! exit code, its two outputs and the files it leaves are looked at.

mod harness;

mod answers;
mod arguments;
mod broken_files;
mod build;
#[cfg(target_os = "linux")]
#[path = "../canaries.rs"]
mod canaries;
mod clean;
mod clean_git;
#[cfg(target_os = "linux")]
mod compiled;
mod completions_and_man;
mod configuration;
mod describing;
mod discovery;
mod embedded;
#[cfg(target_os = "linux")]
mod exhaustion;
mod exit_codes;
mod grants;
mod help;
mod hostile_configuration;
mod hostile_disk;
mod hostile_files;
mod hostile_load;
mod hostile_text;
mod imports;
mod inspect;
mod limits;
mod linked_files;
mod lock;
mod logging;
mod look_alikes;
mod matrix;
mod network;
mod new_plugin;
#[cfg(unix)]
mod one_lookup;
mod output;
mod own_files;
mod ownership;
mod packages;
mod path_arguments;
mod permissions;
mod plugin_check;
mod plugin_embed;
mod plugin_project;
mod plugin_test;
mod polyglot;
mod preview1;
mod programs;
mod promises;
mod question;
mod records;
mod retries;
mod schemas;
#[cfg(target_os = "linux")]
mod second_wall;
#[cfg(target_os = "linux")]
mod stopping;
mod surroundings;
mod timings;
mod trust;
mod wasi_0_3;
mod workflow_commands;
