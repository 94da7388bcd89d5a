//! `plugin test`.

use std::path::Path;

use super::super::App;

use crate::error::Error;
use crate::exit::ExitCode;

impl App {
    pub(super) fn test_plugin(
        &self,
        _cases: Option<&Path>,
        _file: Option<&Path>,
    ) -> Result<ExitCode, Error> {
        Err(std::io::Error::other("not yet").into())
    }
}
