//! What the process finds around it: read once, here, and handed on.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::error::Error;
use crate::plugin::{Origin, Place};

/// The environment of the process.
pub(crate) struct Environment {
    variables: HashMap<OsString, OsString>,
    /// Those that are Unicode, in order, once somebody asks for them.
    unicode: OnceCell<Vec<(String, String)>>,
    /// Absolute and free of links; `-C` included.
    pub(crate) working_directory: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// The user's configuration, data, cache and state of this program; none where there is no home.
    pub(crate) directories: Option<Directories>,
}

/// Where this program keeps things of the user's.
pub(crate) struct Directories {
    pub(crate) configuration: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) cache: PathBuf,
    /// What the user decided, trust and answers, and what vouches for the code in the cache.
    pub(crate) state: PathBuf,
}

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
        Ok(Self {
            unicode: OnceCell::new(),
            variables: std::env::vars_os().collect(),
            working_directory,
            home,
            directories,
        })
    }

    /// A variable; none where it is not Unicode.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(&OsString::from(name))?.to_str().map(ToOwned::to_owned)
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
        if let Some(path) = self.variables.get(&OsString::from("TASKRUNNER_PLUGIN_PATH")) {
            for directory in std::env::split_paths(path).filter(|path| !path.as_os_str().is_empty())
            {
                add(Origin::Environment, self.working_directory.join(directory));
            }
        }
        add(Origin::Workspace, workspace.join(".taskrunner").join("plugins"));
        if let Some(directories) = &self.directories {
            add(Origin::User, directories.data.join("plugins"));
        }
        for directory in self.system_data_directories() {
            add(Origin::System, directory.join("taskrunner").join("plugins"));
        }
        places
    }

    #[cfg(windows)]
    fn system_data_directories(&self) -> Vec<PathBuf> {
        self.variables.get(&OsString::from("ProgramData")).map(PathBuf::from).into_iter().collect()
    }

    #[cfg(not(windows))]
    #[expect(clippy::unused_self, reason = "Windows needs it")]
    fn system_data_directories(&self) -> Vec<PathBuf> {
        ["/usr/local/share", "/usr/share"].map(PathBuf::from).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(windows))]
    #[test]
    fn the_systems_directories_are_places_where_there_is_no_home_too() {
        let mut environment = Environment {
            variables: HashMap::new(),
            unicode: OnceCell::new(),
            working_directory: "/here".into(),
            home: None,
            directories: None,
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
        environment.variables.insert("TASKRUNNER_PLUGIN_PATH".into(), "/a::b".into());
        let named = [
            (Origin::Environment, PathBuf::from("/a")),
            (Origin::Environment, PathBuf::from("/here/b")),
        ];
        assert_eq!(places(&environment), [&named[..], &bare[..]].concat());
    }
}
