//! Begins a plugin: the files of a language's template, with the command's name in them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, File, include_dir};

use super::componentize::CONTRACT;
use super::{Language, ProjectError};
use crate::plugin::Name;

/// The templates: a directory for each language, and what they share.
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The test cases, which are the same in every language.
const CASES: &str = include_str!("../../templates/cases.yaml");

/// What stands for the command's name, in contents and in names of files.
const PLACEHOLDER: &str = "{{name}}";

/// A file of a project, its path relative to the project's directory.
#[derive(Debug)]
struct NewFile {
    path: PathBuf,
    contents: Vec<u8>,
}

/// Writes the files of a new project. The directory may be there, if it is empty. Gives the paths, sorted.
pub(crate) fn begin(
    name: &Name,
    language: Language,
    directory: &Path,
) -> Result<Vec<PathBuf>, ProjectError> {
    let files = files(name, language)?;
    // Of a link, nobody knows here whose directory it leads to.
    if directory.is_symlink() {
        return Err(ProjectError::NotEmpty { path: directory.to_owned() });
    }
    fs::create_dir_all(directory).map_err(|error| refuse(directory, error))?;
    let mut entries = fs::read_dir(directory).map_err(|error| refuse(directory, error))?;
    if entries.next().is_some() {
        return Err(ProjectError::NotEmpty { path: directory.to_owned() });
    }
    for file in &files {
        let path = directory.join(&file.path);
        write(&path, &file.contents)
            .map_err(|error| ProjectError::Write { path: path.clone(), error })?;
    }
    Ok(files.into_iter().map(|file| file.path).collect())
}

fn refuse(directory: &Path, error: std::io::Error) -> ProjectError {
    match directory.symlink_metadata() {
        Ok(found) if !found.is_dir() => ProjectError::NotEmpty { path: directory.to_owned() },
        _ => ProjectError::Write { path: directory.to_owned(), error },
    }
}

/// Writes a file that is not there yet.
fn write(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::File::create_new(path)?.write_all(contents)
}

/// All files of a project, sorted by path.
fn files(name: &Name, language: Language) -> Result<Vec<NewFile>, ProjectError> {
    let template =
        TEMPLATES.get_dir(language.directory()).ok_or(ProjectError::NoTemplate { language })?;
    let shared = [("cases.yaml", CASES), ("wit/command.wit", CONTRACT)];
    let shared = shared.map(|(path, text)| NewFile { path: path.into(), contents: text.into() });
    let mut files = Vec::from(shared);
    add(&mut files, template, language, name);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn add(files: &mut Vec<NewFile>, directory: &Dir<'_>, language: Language, name: &Name) {
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(directory) => add(files, directory, language, name),
            DirEntry::File(file) => files.push(fill_in(file, language, name)),
        }
    }
}

/// A file of a template, with the name in it.
fn fill_in(file: &File<'_>, language: Language, name: &Name) -> NewFile {
    let path = file.path().strip_prefix(language.directory()).unwrap_or(file.path());
    let path = path.to_string_lossy().replace(PLACEHOLDER, name.as_str());
    let contents = match file.contents_utf8() {
        Some(text) => text.replace(PLACEHOLDER, name.as_str()).into_bytes(),
        None => file.contents().to_owned(),
    };
    let mut path = PathBuf::from(path);
    // Under its own name the file would rule over the template itself.
    if path.file_name().is_some_and(|name| name == "gitignore") {
        path.set_file_name(".gitignore");
    }
    NewFile { path, contents }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
