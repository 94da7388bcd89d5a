//! Prints a line, and may read a directory. There are as many of it as a benchmark needs: the digits of
//! its name stand in its bytes once, to be replaced by others.
#![expect(clippy::print_stdout, reason = "standard output belongs to the command")]

use taskrunner_plugin::{Argument, Command, Failure, Invocation, Manifest, Value};

struct Hello;

impl Command for Hello {
    fn manifest() -> Manifest {
        Manifest::new("hello-0000", "0.1.0", "Greet somebody")
            .request_read("src", "to know whom to greet")
            .argument(
                Argument::positional("name", Value::text().default("world")).help("Whom to greet"),
            )
    }

    fn run(call: &Invocation) -> Result<u8, Failure> {
        println!("Hello, {}!", call.text("name").unwrap_or_default());
        Ok(0)
    }
}

taskrunner_plugin::export!(Hello);
