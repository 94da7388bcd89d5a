//! What the process finds around it: read once, here, and handed on.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;

use crate::error::Error;
use crate::permission::Resolver;
use crate::plugin::{Digest, Origin, Pinned, Place};

/// The environment of the process.
pub(crate) struct Environment {
    variables: Arc<HashMap<OsString, OsString>>,
    /// Those that are Unicode, in order, once somebody asks for them.
    unicode: OnceCell<Vec<(String, String)>>,
    /// Absolute and free of links; `-C` included.
    pub(crate) working_directory: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// The user's configuration, data, cache and state of this program; none where there is no home.
    pub(crate) directories: Option<Directories>,
    /// Those of them that are inside the workspace, so that they can come with it.
    in_workspace: Vec<PathBuf>,
    /// Where this process runs a test case: what it may run and reach.
    pub(crate) case: Option<TestCase>,
}

/// What bounds a process that runs a test case, whatever the case says. `plugin test` sets it in variables that
/// no plugin's can be called like, since no plugin is called `plugin`.
#[derive(Debug)]
pub(crate) struct TestCase {
    pub(crate) plugin: Pinned,
    /// No grant leads out of this directory, which is absolute and free of links.
    pub(crate) directory: PathBuf,
}

impl TestCase {
    const IDENTITY: &str = "TASKRUNNER_PLUGIN_TEST";
    const FILE: &str = "TASKRUNNER_PLUGIN_TEST_FILE";
    const DIRECTORY: &str = "TASKRUNNER_PLUGIN_TEST_DIRECTORY";

    /// The variables that say so to another process of this program.
    pub(crate) fn variables(&self) -> [(&'static str, OsString); 3] {
        [
            (Self::IDENTITY, self.plugin.identity.to_string().into()),
            (Self::FILE, self.plugin.file.clone().into()),
            (Self::DIRECTORY, self.directory.clone().into()),
        ]
    }

    /// Takes them out of the variables, so that no command sees them.
    fn take(variables: &mut HashMap<OsString, OsString>) -> Result<Option<Self>, Error> {
        let Some(text) = variables.remove(OsStr::new(Self::IDENTITY)) else { return Ok(None) };
        let value = text.to_string_lossy().into_owned();
        let wrong =
            |problem| Error::Variable { name: Self::IDENTITY, value: value.clone(), problem };
        let identity: Digest =
            value.parse().map_err(|problem| wrong(format!("not one: {problem}")))?;
        let mut path = |name| {
            let path = variables.remove(OsStr::new(name)).map(PathBuf::from);
            let path = path.filter(|path| path.is_absolute());
            path.ok_or_else(|| wrong(format!("without an absolute path in {name}")))
        };
        let plugin = Pinned { file: path(Self::FILE)?, identity };
        Ok(Some(Self { plugin, directory: path(Self::DIRECTORY)? }))
    }
}

/// Where this program keeps things of the user's.
pub(crate) struct Directories {
    pub(crate) configuration: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) cache: PathBuf,
    /// What the user decided, trust and answers, and what vouches for the code in the cache.
    pub(crate) state: PathBuf,
}

/// The variables that name a file of a CI system's, from which it or the shell of its next step reads settings.
const CI_FILES: [&str; 27] = [
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_EVENT_PATH",
    "GITEA_ENV",
    "GITEA_PATH",
    "GITEA_OUTPUT",
    "GITEA_STATE",
    "GITEA_STEP_SUMMARY",
    "FORGEJO_ENV",
    "FORGEJO_PATH",
    "FORGEJO_OUTPUT",
    "FORGEJO_STATE",
    "FORGEJO_STEP_SUMMARY",
    "GITLAB_ENV_FILE",
    "BUILDKITE_ENV_FILE",
    "BUILDKITE_ENV_JSON_FILE",
    "BITBUCKET_PIPELINES_VARIABLES_PATH",
    "CIRRUS_ENV",
    "CI_ENV_FILE",
    "DRONE_ENV",
    "DRONE_OUTPUT",
    "HARNESS_OUTPUT_FILE",
    "BASH_ENV",
    "ENV",
];

/// The variables that name a file or directory of git's; the last one names several.
const GIT_FILES: [&str; 8] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_INDEX_FILE",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_TEMPLATE_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

impl Environment {
    /// Reads the environment; `directory` is where `-C` goes.
    pub(crate) fn read(directory: Option<&Path>) -> Result<Self, Error> {
        let here = std::env::current_dir()
            .map_err(|error| Error::WorkingDirectory { path: PathBuf::from("."), error })?;
        let path = directory.map_or_else(|| here.clone(), |directory| here.join(directory));
        let working_directory = dunce::canonicalize(&path)
            .and_then(|found| std::fs::read_dir(&found).map(|_| found))
            .map_err(|error| Error::WorkingDirectory { path, error })?;
        // A relative home would put the user's files into whatever directory this is.
        let home = etcetera::home_dir().ok().filter(|home| home.is_absolute());
        let strategy = etcetera::choose_base_strategy().ok().filter(|_| home.is_some());
        let directories = strategy.map(|strategy| Directories {
            configuration: strategy.config_dir().join("taskrunner"),
            data: strategy.data_dir().join("taskrunner"),
            cache: strategy.cache_dir().join("taskrunner"),
            // Where a system has no such directory, the data is the next thing to it.
            state: strategy.state_dir().map_or_else(
                || strategy.data_dir().join("taskrunner/state"),
                |d| d.join("taskrunner"),
            ),
        });
        let mut variables: HashMap<OsString, OsString> = std::env::vars_os().collect();
        let case = TestCase::take(&mut variables)?;
        Ok(Self {
            unicode: OnceCell::new(),
            variables: Arc::new(variables),
            working_directory,
            home,
            directories,
            in_workspace: Vec::new(),
            case,
        })
    }

    /// Takes note of what the workspace is. What is inside of it may have come with it, as a cache that a CI system
    /// restores or a clone brings: nothing there is believed.
    pub(crate) fn heed_workspace(&mut self, workspace: &Path) {
        let Directories { data, cache, state, .. } = match &self.directories {
            Some(directories) => directories,
            None => return,
        };
        // They have most of their way in common, which is looked at once.
        let mut resolver = Resolver::default();
        let mut is_inside = |path: &&PathBuf| resolver.end(path).starts_with(workspace);
        let inside = [data, cache, state].into_iter().filter(|path| is_inside(path));
        self.in_workspace = inside.cloned().collect();
        // Who has the workspace has all that is the user's, in that one place.
        if !self.in_workspace.is_empty() && is_home_in(workspace) {
            self.in_workspace.clear();
        }
    }

    /// The user's own directories that are inside the workspace.
    pub(crate) fn in_workspace(&self) -> &[PathBuf] {
        &self.in_workspace
    }

    /// Where the user's decisions are, if they can be believed there.
    pub(crate) fn state(&self) -> Option<&Path> {
        let state = &self.directories.as_ref()?.state;
        (!self.in_workspace.contains(state)).then_some(state)
    }

    /// Where the cache is, if it can be believed.
    pub(crate) fn cache(&self) -> Option<&Path> {
        let cache = &self.directories.as_ref()?.cache;
        (!self.in_workspace.contains(cache)).then_some(cache)
    }

    /// The files that variables of CI systems and of shells name.
    pub(crate) fn ci_files(&self) -> Vec<PathBuf> {
        let named = CI_FILES.iter().filter_map(|name| {
            let path = Path::new(self.variables.get(OsStr::new(name))?);
            // `ENV` is the name of many things; a shell takes it for a file.
            (*name != "ENV" || path.is_absolute()).then(|| self.working_directory.join(path))
        });
        named.collect()
    }

    /// The files and directories that git's variables name.
    pub(crate) fn git_files(&self) -> Vec<PathBuf> {
        let named = GIT_FILES.iter().filter_map(|name| self.variables.get(OsStr::new(name)));
        let paths = named.flat_map(|value| std::env::split_paths(value));
        paths.map(|path| self.working_directory.join(path)).collect()
    }

    /// This program's own file.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        std::env::current_exe().ok()
    }

    /// A variable; none where it is not Unicode.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(OsStr::new(name))?.to_str().map(ToOwned::to_owned)
    }

    /// All variables, for who looks up some of them later.
    pub(crate) fn shared(&self) -> Arc<HashMap<OsString, OsString>> {
        Arc::clone(&self.variables)
    }

    /// All variables that are Unicode, in the order of their names.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        self.unicode.get_or_init(|| {
            let unicode = |(name, value): (&OsString, &OsString)| {
                Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
            };
            let mut variables: Vec<_> = self.variables.iter().filter_map(unicode).collect();
            variables.sort();
            variables
        })
    }

    /// The places that need no configuration: `TASKRUNNER_PLUGIN_PATH`, the workspace's, the user's and
    /// the system's.
    pub(crate) fn plugin_places(&self, workspace: &Path) -> Vec<Place> {
        let mut places = Vec::new();
        let mut add = |origin, directory| places.push(Place { origin, directory });
        if let Some(path) = self.variables.get(OsStr::new("TASKRUNNER_PLUGIN_PATH")) {
            for directory in std::env::split_paths(path).filter(|path| !path.as_os_str().is_empty())
            {
                add(Origin::Environment, self.working_directory.join(directory));
            }
        }
        add(Origin::Workspace, workspace.join(".taskrunner").join("plugins"));
        if let Some(Directories { data, .. }) = &self.directories {
            let origin = match self.in_workspace.contains(data) {
                true => Origin::Workspace,
                false => Origin::User,
            };
            add(origin, data.join("plugins"));
        }
        for directory in self.system_data_directories() {
            add(Origin::System, directory.join("taskrunner").join("plugins"));
        }
        places
    }

    #[cfg(windows)]
    fn system_data_directories(&self) -> Vec<PathBuf> {
        self.variables.get(OsStr::new("ProgramData")).map(PathBuf::from).into_iter().collect()
    }

    #[cfg(not(windows))]
    #[expect(clippy::unused_self, reason = "Windows needs it")]
    fn system_data_directories(&self) -> Vec<PathBuf> {
        ["/usr/local/share", "/usr/share"].map(PathBuf::from).to_vec()
    }
}

/// Whether a path, of which nothing need be there, is in a directory, which is free of links.
pub(crate) fn is_inside(path: &Path, directory: &Path) -> bool {
    Resolver::default().end(path).starts_with(directory)
}

/// Whether a directory is, or holds, the home directory that the system has for this user: not one that `HOME` names,
/// which can be anything in a CI job.
#[cfg(unix)]
pub(crate) fn is_home_in(directory: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw().to_string();
    let home = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)? == &user).then(|| fields.get(5).map(PathBuf::from))?
    };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    users.lines().find_map(home).is_some_and(|home| is_inside(&home, directory))
}

#[cfg(not(unix))]
pub(crate) fn is_home_in(directory: &Path) -> bool {
    std::env::home_dir().is_some_and(|home| is_inside(&home, directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_inside_the_workspace_can_have_come_with_it() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        std::fs::create_dir_all(root.join("ws/state")).expect("made");
        std::os::unix::fs::symlink("ws", root.join("link")).expect("a link");
        let at = |state: &str, cache: &str| {
            let [state, cache] = [state, cache].map(|path| root.join(path));
            let (configuration, data) = (root.join("c"), root.join("link/data"));
            let directories = Some(Directories { configuration, data, cache, state });
            let mut environment = Environment {
                variables: Arc::default(),
                unicode: OnceCell::new(),
                working_directory: root.join("ws"),
                home: None,
                directories,
                in_workspace: Vec::new(),
                case: None,
            };
            environment.heed_workspace(&root.join("ws"));
            environment
        };
        for inside in ["ws/state", "ws/new/state", "link/state", "ws", "ws/../ws/x"] {
            let environment = at(inside, "elsewhere/cache");
            assert_eq!(environment.state(), None, "{inside}");
            assert!(environment.cache().is_some());
            assert_eq!(at("elsewhere", inside).cache(), None, "{inside}");
        }
        let elsewhere = at("wss/state", "cache");
        assert!(elsewhere.state().is_some() && elsewhere.cache().is_some());
        let data = |place: &Place| place.directory == root.join("link/data/plugins");
        let places = elsewhere.plugin_places(&root.join("ws"));
        assert_eq!(
            places.into_iter().find(data).map(|place| place.origin),
            Some(Origin::Workspace)
        );
        assert!(is_home_in(Path::new("/")) && !is_home_in(&root.join("ws")));
    }

    #[cfg(not(windows))]
    #[test]
    fn the_systems_directories_are_places_where_there_is_no_home_too() {
        let mut environment = Environment {
            variables: Arc::default(),
            unicode: OnceCell::new(),
            working_directory: "/here".into(),
            home: None,
            directories: None,
            in_workspace: Vec::new(),
            case: None,
        };
        let places = |environment: &Environment| -> Vec<(Origin, PathBuf)> {
            let places = environment.plugin_places(Path::new("/project"));
            places.into_iter().map(|place| (place.origin, place.directory)).collect()
        };
        let bare = [
            (Origin::Workspace, PathBuf::from("/project/.taskrunner/plugins")),
            (Origin::System, PathBuf::from("/usr/local/share/taskrunner/plugins")),
            (Origin::System, PathBuf::from("/usr/share/taskrunner/plugins")),
        ];
        assert_eq!(places(&environment), bare);
        environment.variables =
            Arc::new([("TASKRUNNER_PLUGIN_PATH".into(), "/a::b".into())].into());
        let named = [
            (Origin::Environment, PathBuf::from("/a")),
            (Origin::Environment, PathBuf::from("/here/b")),
        ];
        assert_eq!(places(&environment), [&named[..], &bare[..]].concat());
    }
}
