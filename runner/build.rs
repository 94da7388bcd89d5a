//! Has the program built anew when the templates change: files that come or go are not noticed by
//! themselves.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
