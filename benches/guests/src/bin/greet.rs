//! Prints a line: the least that a program can do.
#![expect(clippy::print_stdout, reason = "standard output belongs to the command")]

fn main() {
    println!("Hello, world!");
}
