//! `plugin check`.

use std::path::Path;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;

impl App {
    pub(super) fn check_plugin(
        &self,
        _describer: &Describer,
        _file: &Path,
    ) -> Result<ExitCode, Error> {
        Err(std::io::Error::other("not yet").into())
    }
}
