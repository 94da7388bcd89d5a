//! Has the program built anew when the templates change, since files that come or go are not noticed by
//! themselves; and has it linked for a quick start.

fn main() {
    println!("cargo::rerun-if-changed=templates");

    // A program that can be loaded anywhere has 70,000 addresses to be put right each time it starts, which takes
    // longer than most commands. `cargo xtask dist` goes further, and links statically.
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("PROFILE", "release")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
