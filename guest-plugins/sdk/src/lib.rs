//! Writes a [`taskrunner`](https://crates.io/crates/taskrunner) command in Rust: implement
//! [`Command`], and name the type in [`export!`].
//!
//! ```no_run
//! use taskrunner_plugin::{Argument, Command, Failure, Invocation, Manifest, Value};
//!
//! struct Hello;
//!
//! impl Command for Hello {
//!     fn manifest() -> Manifest {
//!         Manifest::new("hello", "0.1.0", "Greet somebody")
//!             .argument(Argument::positional("name", Value::text().default("world")).help("Whom to greet"))
//!             .argument(Argument::flag("shout").short('s').help("In capitals").configuration_key("shout"))
//!     }
//!
//!     fn run(call: &Invocation) -> Result<u8, Failure> {
//!         let greeting = format!("Hello, {}!", call.text("name").unwrap_or_default());
//!         println!("{}", if call.flag("shout") { greeting.to_uppercase() } else { greeting });
//!         Ok(0)
//!     }
//! }
//!
//! taskrunner_plugin::export!(Hello);
//! ```
//!
//! Build it with `cargo build --target wasm32-wasip2 --release` as a `cdylib`, and put the `.wasm`
//! file where the runner looks. Lines for the user's log go through the crate [`log`], which this one
//! re-exports; [`progress`] moves the bar. Standard input, output and error, the clocks and the files
//! that the command was granted work as in any Rust program.

mod failure;
mod invocation;
mod logger;
mod manifest;
mod progress;

pub use failure::Failure;
pub use invocation::{Invocation, Source};
pub use log;
pub use manifest::{Argument, Manifest, Value};
pub use progress::progress;

/// What `wit-bindgen` makes of the contract. [`export!`] needs it public; nobody else should.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "command",
        pub_export_macro: true,
        export_macro_name: "export_bindings",
        default_bindings_module: "taskrunner_plugin::bindings",
    });
}

/// A command: what it says of itself, and what it does.
pub trait Command {
    /// What the plugin says of itself. Called without any capability; see `describe` in the contract.
    fn manifest() -> Manifest;

    /// Runs the command. `Ok(0)` is success; any other code up to 123 is passed on as the exit code.
    ///
    /// # Errors
    ///
    /// What the user shall be told; the kind of the failure decides the exit code, and whether the
    /// runner tries again.
    fn run(invocation: &Invocation) -> Result<u8, Failure>;
}

/// Makes the type, which implements [`Command`], the command of this component. One line per plugin.
#[macro_export]
macro_rules! export {
    ($command:ty) => {
        const _: () = {
            use $crate::bindings::exports::taskrunner::plugin::guest;

            struct Exported;

            impl guest::Guest for Exported {
                fn describe() -> guest::Manifest {
                    $crate::__describe::<$command>()
                }

                fn run(invocation: guest::Invocation) -> Result<u8, guest::Failure> {
                    $crate::__run::<$command>(invocation)
                }
            }

            // A native build, as for unit tests, has no use for the exports, and linkers refuse
            // their names.
            #[cfg(not(target_family = "wasm"))]
            const _: fn() -> guest::Manifest = <Exported as guest::Guest>::describe;
            #[cfg(target_family = "wasm")]
            $crate::bindings::export_bindings! { Exported with_types_in $crate::bindings }
        };
    };
}

/// The body of the exported `describe`.
#[doc(hidden)]
pub fn __describe<C: Command>() -> bindings::taskrunner::plugin::types::Manifest {
    C::manifest().into_wit()
}

/// The body of the exported `run`. Nothing ends the process of a component, so standard output is
/// flushed here: a full disk or a closed pipe becomes a failure rather than lost output.
#[doc(hidden)]
pub fn __run<C: Command>(
    invocation: bindings::taskrunner::plugin::types::Invocation,
) -> Result<u8, bindings::taskrunner::plugin::types::Failure> {
    logger::install();
    let result = C::run(&Invocation::from_wit(invocation));
    let flushed = std::io::Write::flush(&mut std::io::stdout());
    match (result, flushed) {
        (Ok(_), Err(error)) => Err(Failure::failed(format!("cannot write the output: {error}"))),
        (result, _) => result,
    }
    .map_err(Failure::into_wit)
}
