//! `plugin new`.

use std::path::Path;

use super::super::App;

use crate::error::Error;
use crate::exit::ExitCode;
use crate::project::Language;
impl App {
    pub(super) fn new_plugin(
        &self,
        _name: &str,
        _language: Language,
        _directory: Option<&Path>,
    ) -> Result<ExitCode, Error> {
        Err(std::io::Error::other("not yet").into())
    }
}
