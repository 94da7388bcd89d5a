//! A call of the program: its arguments and what is around them.

use std::ffi::OsString;
use std::io::{PipeReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wait4::Wait4;

use super::ended::Ended;
use super::project::Project;
#[cfg(unix)]
use super::terminal::Meanwhile;

/// No call takes longer, or the test fails: much more than any takes, even where many run at once.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The same for a call that makes many calls itself.
const LONG_TIMEOUT: Duration = Duration::from_secs(600);

/// What a program's standard input is.
pub(crate) enum Input {
    /// At its end from the start.
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Open, and silent for as long as the program runs.
    Silence,
    /// A terminal, on which this is typed.
    #[cfg(unix)]
    Keys(Keys),
}

/// What somebody types.
#[cfg(unix)]
#[derive(Clone, Default)]
pub(crate) struct Keys {
    /// Before the program starts.
    ahead: String,
    /// Each time when it has asked.
    answers: Vec<String>,
    /// What happens while it waits for the first of them.
    meanwhile: Option<Meanwhile>,
}

/// What a program's standard output and error are.
#[derive(PartialEq)]
enum Screen {
    Pipes,
    /// One terminal for both.
    #[cfg(unix)]
    Terminal,
    /// Standard output is a pipe whose reader has gone.
    Closed,
    /// Standard output is a pipe whose reader does not read.
    Stalled,
    /// Standard output is this file.
    File(PathBuf),
    /// So are standard output and error, and the latter is full already.
    #[cfg(target_os = "linux")]
    Deaf,
}

/// A call of the program that has not run yet. [`Call::exits`] and [`Call::succeeds`] run it.
#[must_use = "a call runs when it is said how it ends"]
pub(crate) struct Call<'a> {
    project: &'a Project,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    directory: PathBuf,
    input: Input,
    screen: Screen,
    /// Columns and rows of its terminal.
    #[cfg(unix)]
    size: (u16, u16),
    timeout: Duration,
    /// What is done with the process while it runs.
    #[cfg(target_os = "linux")]
    meanwhile: Option<Box<dyn FnOnce(u32) + 'a>>,
    #[cfg(target_os = "linux")]
    without_walls: bool,
    #[cfg(target_os = "linux")]
    ignores_hangups: bool,
    #[cfg(target_os = "linux")]
    limit: Option<(libc::__rlimit_resource_t, u64)>,
    /// Whether somebody has said how it ends.
    ran: bool,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        assert!(self.ran || thread::panicking(), "nobody said how {:?} ends", self.arguments);
    }
}

impl<'a> Call<'a> {
    pub(super) fn new(project: &'a Project, arguments: Vec<OsString>) -> Self {
        Self {
            project,
            arguments,
            variables: Vec::new(),
            directory: project.path(""),
            input: Input::Nothing,
            screen: Screen::Pipes,
            #[cfg(unix)]
            size: super::terminal::USUAL,
            timeout: TIMEOUT,
            #[cfg(target_os = "linux")]
            meanwhile: None,
            #[cfg(target_os = "linux")]
            without_walls: false,
            #[cfg(target_os = "linux")]
            ignores_hangups: false,
            #[cfg(target_os = "linux")]
            limit: None,
            ran: false,
        }
    }

    /// Adds arguments.
    pub(crate) fn with<'s>(mut self, arguments: impl IntoIterator<Item = &'s str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(OsString::from));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Starts in a directory of the workspace.
    pub(crate) fn within(mut self, directory: &str) -> Self {
        self.directory = self.project.path(directory);
        self
    }

    /// Starts in a directory beside the workspace.
    pub(crate) fn within_beside(mut self, directory: &str) -> Self {
        self.directory = self.project.beside_path(directory);
        self
    }

    /// Lets it take as long as many calls, one after another.
    pub(crate) fn patiently(mut self) -> Self {
        self.timeout = LONG_TIMEOUT;
        self
    }

    pub(crate) fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// Gives it a terminal for its standard output and error; what it writes is found as its output.
    #[cfg(unix)]
    pub(crate) fn on_terminal(mut self) -> Self {
        self.screen = Screen::Terminal;
        self.variables.insert(0, ("TERM".into(), "xterm-256color".into()));
        self
    }

    /// The same for its standard input; when it has asked, this is typed.
    #[cfg(unix)]
    pub(crate) fn answering(self, answer: &str) -> Self {
        self.answering_each([answer])
    }

    /// The same, and does something between question and answer.
    #[cfg(unix)]
    pub(crate) fn answering_after(
        self,
        meanwhile: impl Fn() + Send + Sync + 'static,
        answer: &str,
    ) -> Self {
        let mut call = self.answering(answer);
        let meanwhile: Meanwhile = Arc::new(meanwhile);
        call.input = Input::Keys(Keys { meanwhile: Some(meanwhile), ..call.keys() });
        call
    }

    /// The same, with an answer for each time that it asks.
    #[cfg(unix)]
    pub(crate) fn answering_each<'s>(mut self, answers: impl IntoIterator<Item = &'s str>) -> Self {
        let answers = answers.into_iter().map(str::to_owned).collect();
        self.input = Input::Keys(Keys { answers, ..self.keys() });
        self.on_terminal()
    }

    /// Gives its terminal so many columns and rows.
    #[cfg(unix)]
    pub(crate) fn sized(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// Gives it a terminal for its standard input, on which this has been typed before it starts.
    #[cfg(unix)]
    pub(crate) fn typed_ahead(mut self, ahead: &str) -> Self {
        self.input = Input::Keys(Keys { ahead: ahead.to_owned(), ..self.keys() });
        self
    }

    #[cfg(unix)]
    fn keys(&self) -> Keys {
        match &self.input {
            Input::Keys(keys) => keys.clone(),
            _ => Keys::default(),
        }
    }

    /// Gives it a standard output whose reader has gone.
    pub(crate) fn unread(mut self) -> Self {
        self.screen = Screen::Closed;
        self
    }

    /// Gives it a standard output that takes no more than a pipe holds.
    pub(crate) fn stalled(mut self) -> Self {
        self.screen = Screen::Stalled;
        self
    }

    /// Gives it a file of the workspace for its standard output.
    pub(crate) fn into_file(mut self, path: &str) -> Self {
        self.screen = Screen::File(self.project.path(path));
        self
    }

    /// Gives it a standard output and error that nobody reads, of which the latter takes nothing.
    #[cfg(target_os = "linux")]
    pub(crate) fn deaf(mut self) -> Self {
        self.screen = Screen::Deaf;
        self
    }

    /// Does something with the process, by its number, as soon as it runs.
    #[cfg(target_os = "linux")]
    pub(crate) fn meanwhile(mut self, act: impl FnOnce(u32) + 'a) -> Self {
        self.meanwhile = Some(Box::new(act));
        self
    }

    /// Runs it as on a kernel that has neither Landlock nor seccomp.
    #[cfg(target_os = "linux")]
    pub(crate) fn without_walls(mut self) -> Self {
        self.without_walls = true;
        self
    }

    /// Runs it as `nohup` does.
    #[cfg(target_os = "linux")]
    pub(crate) fn ignoring_hangups(mut self) -> Self {
        self.ignores_hangups = true;
        self
    }

    /// Runs it under a limit of the system.
    #[cfg(target_os = "linux")]
    pub(crate) fn limited(mut self, resource: libc::__rlimit_resource_t, limit: u64) -> Self {
        self.limit = Some((resource, limit));
        self
    }

    /// Runs it; a signal must end it at once.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn dies(mut self) -> Ended<'a> {
        self.ran = true;
        let ended = self.run();
        assert_eq!(ended.code, None, "of {:?}, which wrote {ended}", self.arguments);
        ended
    }

    /// Runs it; it must end with 0.
    pub(crate) fn succeeds(self) -> Ended<'a> {
        self.exits(0)
    }

    /// Runs it; it must end with this exit code, and not by a mistake of the runner's own.
    #[track_caller]
    pub(crate) fn exits(mut self, code: i32) -> Ended<'a> {
        self.ran = true;
        let ended = self.run();
        assert_eq!(ended.code, Some(code), "of {:?}, which wrote {ended}", self.arguments);
        // A worker's panic, too, would come out as one of the runner's codes.
        assert!(!ended.has_panicked(), "of {:?}, which wrote {ended}", self.arguments);
        ended
    }

    /// The same where it matters only that the runner has not failed: for many inputs that are wrong in many ways.
    #[track_caller]
    pub(crate) fn exits_with_one_of(mut self, codes: &[i32]) -> Ended<'a> {
        self.ran = true;
        let ended = self.run();
        let is_one = ended.code.is_some_and(|code| codes.contains(&code));
        assert!(is_one && !ended.has_panicked(), "of {:?}, which wrote {ended}", self.arguments);
        ended
    }

    fn run(&mut self) -> Ended<'a> {
        let begun = Instant::now();
        let Started { mut child, outputs, unread: _unread, keyboard: _keyboard } = self.start();
        let streams = outputs.len();
        let (send, receive) = mpsc::channel();
        for (number, mut output) in outputs.into_iter().enumerate() {
            let send = send.clone();
            thread::spawn(move || {
                let mut bytes = Vec::new();
                // A terminal whose other side is closed ends with an error.
                let _ = output.read_to_end(&mut bytes);
                let _ = send.send((number, bytes));
            });
        }
        let _open = self.feed(&mut child);
        #[cfg(target_os = "linux")]
        if let Some(act) = self.meanwhile.take() {
            act(child.id());
        }
        #[cfg(target_os = "linux")]
        if self.screen == Screen::Deaf {
            super::kernel::until("it ends", || !super::kernel::runs(child.id()));
        }

        // It has ended when nobody can write to its outputs any more.
        let mut read = [Vec::new(), Vec::new()];
        for _ in 0..streams {
            match receive.recv_timeout(self.timeout.saturating_sub(begun.elapsed())) {
                Ok((number, bytes)) => read[number] = bytes,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = child.kill();
                    panic!("{:?} still runs after {:?}", self.arguments, self.timeout);
                }
                Err(RecvTimeoutError::Disconnected) => unreachable!("this thread can send, too"),
            }
        }
        let used = child.wait4().expect("it ran");
        let [stdout, stderr] = read;
        Ended {
            project: self.project,
            code: used.status.code(),
            stdout,
            stderr,
            elapsed: begun.elapsed(),
            processor: used.rusage.utime + used.rusage.stime,
            memory: used.rusage.maxrss,
        }
    }

    fn start(&self) -> Started {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskrunner"));
        command.args(&self.arguments).current_dir(&self.directory).env_clear();
        for name in ["PATH", "SystemRoot"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.project.environment()).envs(self.variables.iter().cloned());
        #[cfg(target_os = "linux")]
        if self.without_walls {
            super::kernel::without_walls(&mut command);
        }
        #[cfg(target_os = "linux")]
        if let Some(limit) = self.limit {
            super::kernel::limit(&mut command, limit);
        }
        #[cfg(target_os = "linux")]
        super::kernel::usual_signals(&mut command, self.ignores_hangups);
        command.stdin(match self.input {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) | Input::Silence => Stdio::piped(),
            #[cfg(unix)]
            Input::Keys(_) => Stdio::null(),
        });
        #[cfg(unix)]
        if let (Input::Keys(keys), Screen::Pipes) = (&self.input, &self.screen) {
            let (mut ours, theirs) = super::terminal::open(self.size);
            ours.write_all(keys.ahead.as_bytes()).expect("a terminal takes keys");
            let mut child =
                spawn(command.stdin(theirs).stdout(Stdio::piped()).stderr(Stdio::piped()));
            let stdout = child.stdout.take().expect("it is piped");
            let stderr = child.stderr.take().expect("it is piped");
            let outputs: Vec<Box<dyn Read + Send>> = vec![Box::new(stdout), Box::new(stderr)];
            return Started { child, outputs, unread: Vec::new(), keyboard: Some(ours) };
        }
        match &self.screen {
            Screen::Pipes => {
                let mut child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
                let stdout = child.stdout.take().expect("it is piped");
                let stderr = child.stderr.take().expect("it is piped");
                started(child, vec![Box::new(stdout), Box::new(stderr)], Vec::new())
            }
            Screen::Closed | Screen::Stalled => {
                let (reader, writer) = std::io::pipe().expect("a pipe");
                let unread = (self.screen == Screen::Stalled).then_some(reader);
                let unread = unread.into_iter().collect();
                let mut child = spawn(command.stdout(writer).stderr(Stdio::piped()));
                let stderr = child.stderr.take().expect("it is piped");
                started(child, vec![Box::new(std::io::empty()), Box::new(stderr)], unread)
            }
            Screen::File(path) => {
                let file = std::fs::File::create(path).expect("a file");
                let mut child = spawn(command.stdout(file).stderr(Stdio::piped()));
                let stderr = child.stderr.take().expect("it is piped");
                started(child, vec![Box::new(std::io::empty()), Box::new(stderr)], Vec::new())
            }
            #[cfg(unix)]
            Screen::Terminal => {
                let (mut ours, theirs) = super::terminal::open(self.size);
                let (mut answers, mut meanwhile) = (Vec::new(), None);
                if let Input::Keys(keys) = &self.input {
                    ours.write_all(keys.ahead.as_bytes()).expect("a terminal takes keys");
                    answers.clone_from(&keys.answers);
                    meanwhile.clone_from(&keys.meanwhile);
                    command.stdin(theirs.try_clone().expect("another handle"));
                }
                let error = theirs.try_clone().expect("another handle");
                let child = spawn(command.stdout(theirs).stderr(error));
                // The command holds the other side of the terminal, too.
                drop(command);
                let person = super::terminal::Person::new(ours, answers, meanwhile);
                started(child, vec![Box::new(person)], Vec::new())
            }
            #[cfg(target_os = "linux")]
            Screen::Deaf => {
                let (stdout, writer) = std::io::pipe().expect("a pipe");
                let (stderr, full) = std::io::pipe().expect("a pipe");
                fill(&full);
                let child = spawn(command.stdout(writer).stderr(full));
                started(child, Vec::new(), vec![stdout, stderr])
            }
        }
    }

    /// Writes its input; holds open what must stay so.
    fn feed(&self, child: &mut Child) -> Option<std::process::ChildStdin> {
        let mut stdin = child.stdin.take()?;
        match &self.input {
            Input::Nothing => None,
            Input::Silence => Some(stdin),
            #[cfg(unix)]
            Input::Keys(_) => None,
            Input::Bytes(bytes) => {
                let bytes = bytes.clone();
                // Who does not read all of it has closed it.
                thread::spawn(move || stdin.write_all(&bytes));
                None
            }
        }
    }
}

/// A program that runs.
struct Started {
    child: Child,
    /// Its standard output comes first.
    outputs: Vec<Box<dyn Read + Send>>,
    /// Pipes that are open and not read.
    unread: Vec<PipeReader>,
    /// The side of a terminal at which somebody sits who sees nothing.
    keyboard: Option<std::fs::File>,
}

/// Writes to a pipe until it takes no more.
#[cfg(target_os = "linux")]
fn fill(mut pipe: &std::io::PipeWriter) {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    let flags = fcntl_getfl(pipe).expect("its flags");
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK).expect("its flags");
    while pipe.write(&[0; 512]).is_ok() {}
    fcntl_setfl(pipe, flags).expect("its flags");
}

fn started(child: Child, outputs: Vec<Box<dyn Read + Send>>, unread: Vec<PipeReader>) -> Started {
    Started { child, outputs, unread, keyboard: None }
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().expect("the program starts")
}
