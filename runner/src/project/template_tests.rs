use clap::ValueEnum;

use super::*;
use crate::config::Document;
use crate::project::Project;

/// What builds leave behind.
const LEFTOVERS: [&str; 8] = [
    "build",
    "target",
    "node_modules",
    "zig-cache",
    ".zig-cache",
    "nimcache",
    "__pycache__",
    ".venv",
];

fn name() -> Name {
    Name::new("say-hello").expect("a name")
}

fn with_templates() -> impl Iterator<Item = Language> {
    let all = Language::value_variants().iter().copied();
    all.filter(|language| TEMPLATES.get_dir(language.directory()).is_some())
}

fn all_files<'a>(directory: &'a Dir<'a>, files: &mut Vec<&'a File<'a>>) {
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(directory) => all_files(directory, files),
            DirEntry::File(file) => files.push(file),
        }
    }
}

#[test]
fn every_template_is_a_project() {
    let placeholder = regex::Regex::new(r"\{\{ *\w+ *\}\}").expect("a pattern");
    for language in with_templates() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("project");
        let files = begin(&name(), language, &directory).expect("it is written");
        for file in ["plugin.yaml", "cases.yaml", "README.md", ".gitignore", "wit/command.wit"] {
            assert!(files.iter().any(|path| path == Path::new(file)), "{language:?}: {file}");
        }
        let project = Project::open(&directory).expect("its plugin.yaml is right");
        assert!(project.output_name().ends_with(".wasm"));
        Document::read(&directory.join("cases.yaml")).expect("its cases.yaml is right");
        for file in &files {
            let contents = fs::read(directory.join(file)).expect("it is there");
            let contents = String::from_utf8_lossy(&contents).into_owned();
            let path = file.display().to_string();
            let left = placeholder.find(&contents).or(placeholder.find(&path));
            assert!(left.is_none(), "{language:?}: {left:?} is left in {path}");
        }
        let named = |path: &PathBuf| {
            let contents = fs::read_to_string(directory.join(path)).unwrap_or_default();
            contents.contains("say-hello")
        };
        assert!(files.iter().any(named), "{language:?}: the name is nowhere");
    }
}

#[test]
fn every_template_belongs_to_a_language() {
    for directory in TEMPLATES.dirs() {
        let of = |language: &Language| Path::new(language.directory()) == directory.path();
        assert!(Language::value_variants().iter().any(of), "{}", directory.path().display());
    }
}

#[test]
fn what_builds_leave_behind_is_no_template() {
    let mut files = Vec::new();
    all_files(&TEMPLATES, &mut files);
    for file in files {
        let path = file.path();
        assert!(file.contents().len() <= 64 * 1024, "{} is too large", path.display());
        let leftover = |part: &str| LEFTOVERS.contains(&part) || part.ends_with(".wasm");
        let mut parts = path.iter().map(|part| part.to_string_lossy());
        assert!(!parts.any(|part| leftover(&part)), "{} is no source", path.display());
    }
}

#[test]
fn what_is_there_is_not_written_over() {
    let root = tempfile::tempdir().expect("a directory");
    let language = with_templates().next().expect("a template");
    let begin = |directory: &str| begin(&name(), language, &root.path().join(directory));
    fs::create_dir(root.path().join("empty")).expect("it is made");
    assert!(begin("empty").is_ok());
    assert!(matches!(begin("empty"), Err(ProjectError::NotEmpty { .. })));
    fs::write(root.path().join("file"), "mine").expect("it is written");
    assert!(matches!(begin("file"), Err(ProjectError::NotEmpty { .. })));
    assert_eq!(fs::read_to_string(root.path().join("file")).expect("it is there"), "mine");
}
