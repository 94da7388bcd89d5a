//! Failures of the file system that say what was tried, and on which path.

use std::fmt::Display;

use taskrunner_plugin::Failure;

/// Says what was tried when an error arose.
pub(crate) trait During<T> {
    /// `cannot {tried} `{path}`: {error}`
    fn during(self, tried: &str, path: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> During<T> for Result<T, E> {
    fn during(self, tried: &str, path: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::failed(format!("cannot {tried} `{path}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_operation_the_path_and_the_cause() {
        let failure = Err::<(), _>("it is gone").during("read", "src/a.js").expect_err("it failed");
        assert_eq!(failure.message(), "cannot read `src/a.js`: it is gone");
    }
}
