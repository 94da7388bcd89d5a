//! What the fuzz targets in `fuzz/` call, compiled for them alone (`cfg(fuzzing)`). Each takes any bytes,
//! and panics where a promise does not hold.

mod arguments;
mod configuration;
mod escaper;
mod lock;
mod manifest;
mod source;

pub use arguments::arguments;
pub use configuration::configuration;
pub use escaper::escaper;
pub use lock::lock;
pub use manifest::manifest;

use crate::text::is_deceptive;

/// Panics where a text that is shown could steer a terminal.
fn assert_plain(what: &str, text: &str) {
    if let Some(c) = text.chars().find(|c| is_deceptive(*c) && !matches!(c, '\n' | '\t')) {
        panic!("{c:?} in {what}: {text:?}");
    }
}
