//! `plugin embed`.

use std::path::Path;

use super::super::App;

use crate::error::Error;
use crate::exit::ExitCode;

impl App {
    pub(super) fn embed_manifest(
        &self,
        _file: &Path,
        _manifest: &Path,
        _output: &Path,
    ) -> Result<ExitCode, Error> {
        Err(std::io::Error::other("not yet").into())
    }
}
