//! `plugin componentize`.

use std::path::Path;

use super::super::App;

use crate::error::Error;
use crate::exit::ExitCode;
use crate::project::Encoding;
impl App {
    pub(super) fn componentize(
        &self,
        _module: &Path,
        _output: &Path,
        _world: Option<&str>,
        _wit: Option<&Path>,
        _encoding: Encoding,
    ) -> Result<ExitCode, Error> {
        Err(std::io::Error::other("not yet").into())
    }
}
