//! The wiring: what happens between the arguments and the exit code, in order.

mod answers;
mod ask;
mod command;
mod describer;
mod grants;
mod ignored;
mod inspect;
mod locked;
mod permissions;
mod pinned;
mod plugin;
mod record;
mod section;
mod trust;
mod update;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Instant;

use crate::cli::{self, Cli, GlobalOptions, Request, Verbatim};
use crate::config::{Configuration, ConfigurationError, Line, LogLevel, Settings};
use crate::embedded;
use crate::environment::{Environment, is_home_in, is_inside};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::invocation;
use crate::permission::Protected;
use crate::plugin::lock::LockFile;
use crate::plugin::{Listing, Lookup, Name, Origin, Place, Plugin, Registry};
use crate::report::{self, Console, Report, Streams};
use crate::sandbox::{self, Stop};
use crate::state::State;

use describer::Describer;
use trust::Trust;

pub(crate) use ignored::Ignored;

/// Parses the arguments and does what they ask.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    sandbox::survive_file_limits();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let report = |options: &GlobalOptions| {
        let streams = Streams::of_process(options.color, &|name| std::env::var(name).ok());
        let log_format = options.log_format.unwrap_or_default();
        Report { console: Console::new(streams), format: options.format, log_format }
    };
    let mut begun = None;
    if let Some(read) = cli::verbatim(&arguments) {
        let report = report(&read.options);
        begun = begin(&read, report.clone());
        let is_raw = |(_, found): &mut (App, Lookup)| matches!(found, Lookup::Found(plugin) if plugin.manifest.is_raw());
        if let Some((app, found)) = begun.take_if(is_raw) {
            let request = Request::Run { name: read.name, arguments: read.arguments };
            return ended(&report, app.answer(request, Some(found)));
        }
    }
    match cli::parse(&arguments) {
        Err(mistake) => {
            let format = cli::format_of(&arguments);
            usage(&report(&GlobalOptions { format, ..GlobalOptions::default() }), &mistake)
        }
        Ok(Cli { options, request }) => {
            let report = report(&options);
            let is_same = |(app, _): &(App, Lookup)| app.options.look_where(&options);
            let answered = match begun.filter(is_same) {
                // Read either way, the first word is the command's name. What was not found then is not looked
                // for again: the arguments were read as those of what was found.
                Some((app, found)) => app
                    .heeding(options, report.clone())
                    .and_then(|app| app.answer(request, Some(found))),
                None => answer(options, request, report.clone()),
            };
            ended(&report, answered)
        }
    }
}

/// Looks up the command of a command line that reads otherwise if that is a program which gets its
/// arguments as they are. Nothing, where that is not known: then the ordinary reading says why.
fn begin(read: &Verbatim, report: Report) -> Option<(App, Lookup)> {
    let app = App::new(read.options.clone(), report).ok()?;
    let describer = app.describer();
    let found = app.registry(&describer, Some(&read.name)).lookup(&read.name);
    describer.stopped().ok()?;
    Some((app, found))
}

fn ended(report: &Report, answered: Result<ExitCode, Error>) -> ExitCode {
    answered.unwrap_or_else(|error| failed(report, &error))
}

/// Tells of an error, but where nobody reads any more.
fn failed(report: &Report, error: &Error) -> ExitCode {
    match error {
        Error::Output(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::OUTPUT_CLOSED,
        Error::Stopped(Stop::OutputClosed) => ExitCode::OUTPUT_CLOSED,
        error => {
            report.error(error);
            ExitCode::from(error)
        }
    }
}

/// What clap has to say, and the exit code for it.
fn usage(report: &Report, mistake: &clap::Error) -> ExitCode {
    match report.clap(mistake) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::USAGE,
        Err(_) => ExitCode::OUTPUT_CLOSED,
    }
}

fn answer(options: GlobalOptions, request: Request, report: Report) -> Result<ExitCode, Error> {
    match (App::new(options, report.clone()), request) {
        (Ok(app), request) => app.answer(request, None),
        // Who asks for help may be looking for a way out of a broken configuration.
        (Err(error), Request::Help) => {
            report.help(cli::own_command())?;
            Err(error)
        }
        (Err(error), _) => Err(error),
    }
}

/// Everything that the requests have in common.
struct App {
    options: GlobalOptions,
    environment: Environment,
    configuration: Configuration,
    settings: Settings,
    report: Report,
    /// What the user decided before.
    state: State,
    /// Whether the user trusts the workspace, once that was looked up.
    trust: OnceCell<Trust>,
    /// The workspace's lock file, once it was read.
    lock: OnceCell<Option<LockFile>>,
    /// Lines of the workspace's files that have no effect, and were not told of yet.
    ignored: RefCell<Vec<Ignored>>,
    /// The runner's own files, once they were looked up.
    protected: OnceCell<Protected>,
    /// When work began.
    begun: Instant,
}

impl App {
    fn new(options: GlobalOptions, report: Report) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut environment = Environment::read(options.directory.as_deref())?;
        let user =
            environment.directories.as_ref().map(|directories| directories.configuration.as_path());
        let configuration =
            Configuration::load(options.config.as_deref(), &environment.working_directory, user)?;
        environment.heed_workspace(configuration.workspace());
        refuse_in_workspace(&environment, &configuration)?;
        let settings = Settings::resolve(&configuration)?;
        let missing =
            |directory: &&PathBuf| !environment.working_directory.join(directory).is_dir();
        if let Some(path) = options.plugin_dirs.iter().find(missing) {
            return Err(Error::PluginDirectory { path: path.clone() });
        }
        let state = environment.directories.as_ref().map(|directories| directories.state.as_path());
        let state = State::new(state, environment.state().is_none());
        let (trust, lock, ignored) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        let app = Self {
            options: GlobalOptions::default(),
            environment,
            configuration,
            settings,
            report: report.clone(),
            state,
            trust,
            lock,
            ignored,
            protected: OnceCell::new(),
            begun,
        };
        app.heeding(options, report)
    }

    /// The same, with options that change nothing of where things are looked for.
    fn heeding(mut self, options: GlobalOptions, mut report: Report) -> Result<Self, Error> {
        report.log_format = options.log_format.unwrap_or(self.settings.log_format);
        if let Some(level) = asked_log_level(&options, &self.environment)? {
            self.settings.log_level = level.0;
        }
        (self.options, self.report) = (options, report);
        // The options name some.
        self.protected = OnceCell::new();
        Ok(self)
    }

    /// Tells that the user's own directories are where others can have put something into them.
    fn warn_of_workspace(&self) {
        let [first, rest @ ..] = self.environment.in_workspace() else { return };
        let mut names = format!("`{}`", first.display());
        for path in rest {
            names += &format!(", `{}`", path.display());
        }
        let workspace = self.configuration.workspace().display();
        let message = format!(
            "nothing is believed that is in {names}: it is inside the workspace `{workspace}`, and can come with it"
        );
        let help = "set XDG_STATE_HOME, XDG_CACHE_HOME and XDG_DATA_HOME to directories outside of the workspace";
        self.report.warn(&message, help);
    }

    fn describer(&self) -> Describer {
        Describer::new(&self.environment, self.options.require_sandbox, &self.report)
    }

    /// Does what is asked. `found` is what there is of the command that is to run, if it was looked up before.
    fn answer(self, request: Request, found: Option<Lookup>) -> Result<ExitCode, Error> {
        report::install_log(&self.report.console, self.settings.log_level, self.report.log_format);
        // Who builds or tests a plugin of their own acts on nothing that is kept there.
        if !matches!(request, Request::Plugin(_)) {
            self.warn_of_workspace();
        }
        let describer = self.describer();
        let wanted = match &request {
            Request::Run { name, .. } => Some(name.clone()),
            _ => None,
        };
        let registry = self.registry(&describer, wanted.as_deref());
        let answered = self.answer_from(&registry, &describer, request, found);
        self.report_ignored();
        // Whatever came of it, it was not asked to the end.
        describer.stopped()?;
        answered
    }

    fn answer_from(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        request: Request,
        found: Option<Lookup>,
    ) -> Result<ExitCode, Error> {
        let list = || describer.listing(registry);
        match request {
            Request::Run { name, arguments } => {
                let found = found.unwrap_or_else(|| registry.lookup(&name));
                let plugin = self.taken(registry, describer, &name, found)?;
                return self.run(registry, describer, &plugin, arguments);
            }
            Request::Inspect { file, forbidden } => {
                self.inspect(registry, describer, &file, &forbidden)?;
            }
            Request::Trust(request) => return self.answer_trust(request),
            Request::Update(options) => return self.update(registry, describer, &options),
            Request::Overview => {
                self.report.overview(&list()?)?;
                return Ok(ExitCode::FAILURE);
            }
            Request::List => self.report.list(&list()?)?,
            Request::Help => self.report.help(whole_command(&list()?))?,
            Request::HelpFor(name) => {
                self.report.help(self.command_of(registry, describer, &name)?)?
            }
            Request::Completions(shell) => {
                self.report.completions(shell, whole_command(&list()?))?;
            }
            Request::Man(None) => self.report.manual(whole_command(&list()?))?,
            Request::Man(Some(name)) => {
                self.report.manual(self.command_of(registry, describer, &name)?)?;
            }
            Request::Permissions(request) => {
                return self.permissions(registry, describer, request);
            }
            Request::Plugin(request) => return self.plugin(describer, request),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The plugins. `wanted` is the one command that is asked for, if it is one.
    fn registry<'a>(&self, describer: &'a Describer, wanted: Option<&str>) -> Registry<'a> {
        if let Some(case) = &self.environment.case {
            return Registry::of(case.plugin.clone(), describer, describer.known());
        }
        let places = self.places(|line| self.counts(Ignored::directory(line)));
        let replaceable: BTreeSet<Name> = self
            .settings
            .replaceable
            .iter()
            .filter(|line| wanted.is_none_or(|wanted| line.value.as_str() == wanted))
            .filter(|line| self.counts(Ignored::replacement(line)))
            .map(|line| line.value.clone())
            .collect();
        Registry::new(places, embedded::PLUGINS, replaceable, describer, describer.known())
    }

    /// Where plugins are looked for, of the lines of the configuration in those that count.
    fn places(&self, counts: impl Fn(&Line<PathBuf>) -> bool) -> Vec<Place> {
        let place = |origin| {
            let here = &self.environment.working_directory;
            move |directory: &PathBuf| Place { origin, directory: here.join(directory) }
        };
        let mut places: Vec<Place> =
            self.options.plugin_dirs.iter().map(place(Origin::CommandLine)).collect();
        let named = self.settings.plugin_path.iter().filter(|line| counts(line));
        places.extend(named.map(|line| &line.value).map(place(Origin::Configuration)));
        places.extend(self.environment.plugin_places(self.configuration.workspace()));
        places
    }

    fn find(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
    ) -> Result<Plugin, Error> {
        self.taken(registry, describer, name, registry.lookup(name))
    }

    /// The plugin that was found under a name, or why there is none.
    fn taken(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
        found: Lookup,
    ) -> Result<Plugin, Error> {
        describer.stopped()?;
        match found {
            Lookup::Found(plugin) => Ok(*plugin),
            Lookup::Broken(fault) => Err(Error::Plugin(fault)),
            Lookup::Unknown => {
                let listing = describer.listing(registry)?;
                self.report.faults(&listing);
                let nearest = listing.nearest(name);
                Err(Error::UnknownCommand { name: name.to_owned(), nearest })
            }
        }
    }

    /// What clap knows of a command: a plugin's, or a subcommand of the runner's own.
    fn command_of(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
    ) -> Result<clap::Command, Error> {
        let mut own = cli::own_command();
        own.build();
        if let Some(subcommand) = own.find_subcommand(name) {
            return Ok(subcommand.clone());
        }
        Ok(invocation::clap_command(&self.find(registry, describer, name)?.manifest))
    }
}

/// Refuses a configuration file of the user's in a place where the workspace can have brought it. Where the user's own
/// link leads to does not matter: it can lead to the repository that they keep such files in.
fn refuse_in_workspace(
    environment: &Environment,
    configuration: &Configuration,
) -> Result<(), ConfigurationError> {
    let Some(path) = configuration.user_file() else { return Ok(()) };
    let workspace = configuration.workspace();
    let directories = environment.directories.as_ref();
    let above = directories.and_then(|directories| directories.configuration.parent());
    match above.is_some_and(|above| is_inside(above, workspace)) && !is_home_in(workspace) {
        true => Err(ConfigurationError::InWorkspace {
            path: path.to_owned(),
            workspace: workspace.to_owned(),
        }),
        false => Ok(()),
    }
}

/// The level that the command line or the environment asks for.
fn asked_log_level(
    options: &GlobalOptions,
    environment: &Environment,
) -> Result<Option<LogLevel>, Error> {
    let variable = || environment.variable("TASKRUNNER_LOG").filter(|value| !value.is_empty());
    match (options.log_level, variable()) {
        (Some(level), _) => Ok(Some(level)),
        (None, None) => Ok(None),
        (None, Some(value)) => value.parse().map(Some).map_err(|problem| Error::Variable {
            name: "TASKRUNNER_LOG",
            value,
            problem,
        }),
    }
}

/// The runner and all plugins, as one command: for help, completions and the manual.
fn whole_command(listing: &Listing) -> clap::Command {
    let plugins = listing.commands.values();
    let plugins = plugins.map(|plugin| invocation::clap_command(&plugin.manifest));
    cli::own_command().subcommands(plugins)
}
