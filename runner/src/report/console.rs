//! The two streams, and the progress bar that they share the terminal with.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use super::bundle::Bundle;
use super::obeyed::{HarmlessWriter, Stream, Written, locked};
use super::visible::VisibleWriter;
use crate::cli::ColorChoice;
use crate::sandbox::Output;

/// What is known of the process's streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    pub(crate) stdin_is_terminal: bool,
    pub(crate) stdout_is_terminal: bool,
    pub(crate) stderr_is_terminal: bool,
    /// Whether what goes to standard output has colors.
    pub(crate) color_stdout: bool,
    /// Whether what goes to standard error has colors.
    pub(crate) color_stderr: bool,
    /// Whether a program reads standard output as it is written.
    stdout_is_pipe: bool,
    /// Whether a CI system reads standard output, and obeys commands in it.
    stdout_is_obeyed: bool,
    /// Whether a CI system reads standard error, and obeys commands in it.
    stderr_is_obeyed: bool,
}

/// The variables by which one knows the CI systems that obey commands in what a step writes: GitHub
/// Actions (and what imitates it), Azure Pipelines, TeamCity.
const OBEDIENT: [&str; 3] = ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"];

impl Streams {
    /// Looks at the process. `variable` gives an environment variable.
    pub(crate) fn of_process(
        color: ColorChoice,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        let color = |is_terminal| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                is_terminal
                    && variable("NO_COLOR").is_none_or(|value| value.is_empty())
                    && variable("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
        let is_obeyed = OBEDIENT.iter().any(is_set);
        Self {
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_pipe: is_pipe(),
            stdout_is_terminal,
            stderr_is_terminal,
            color_stdout: color(stdout_is_terminal),
            color_stderr: color(stderr_is_terminal),
            stdout_is_obeyed: is_obeyed && !is_regular_file(&io::stdout()),
            stderr_is_obeyed: is_obeyed && !is_regular_file(&io::stderr()),
        }
    }
}

/// Whether a stream goes to a file, which nobody reads as it is written.
#[cfg(unix)]
fn is_regular_file(stream: &impl std::os::fd::AsFd) -> bool {
    is_file(stream.as_fd().try_clone_to_owned().map(File::from))
}

#[cfg(windows)]
fn is_regular_file(stream: &impl std::os::windows::io::AsHandle) -> bool {
    is_file(stream.as_handle().try_clone_to_owned().map(File::from))
}

fn is_file(opened: io::Result<File>) -> bool {
    opened.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
}

/// Whether standard output is a pipe.
#[cfg(unix)]
fn is_pipe() -> bool {
    use rustix::fs::{FileType, fstat};

    fstat(rustix::stdio::stdout())
        .is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Fifo)
}

/// What a write costs was looked into on Unix.
#[cfg(not(unix))]
fn is_pipe() -> bool {
    false
}

/// Where everything is written. Clones share the progress bar, and what is known of the streams.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) streams: Streams,
    bar: Arc<Mutex<Option<ProgressBar>>>,
    written: Arc<Mutex<Written>>,
    /// Standard output for guests, where it is a pipe and nobody obeys it.
    pipe: Bundle<Unbuffered>,
    /// Whether nobody is to wait long for a reader of standard error.
    hurried: Arc<AtomicBool>,
}

impl Console {
    pub(crate) fn new(streams: Streams) -> Self {
        Self {
            streams,
            bar: Arc::default(),
            written: Arc::default(),
            pipe: Bundle::new(Unbuffered),
            hurried: Arc::default(),
        }
    }

    /// Writes to standard error. Where that is closed there is nobody to tell.
    pub(crate) fn err(&self, text: &str) {
        #[cfg(unix)]
        if self.hurried.load(Ordering::Relaxed) {
            let bytes = text.as_bytes();
            let mut written = locked(&self.written).filter(|_| self.streams.stderr_is_obeyed);
            let harmless = written.as_mut().map(|written| written.harmless(Stream::Stderr, bytes));
            super::unread::write(&io::stderr(), harmless.as_deref().unwrap_or(bytes));
            return;
        }
        self.pipe.go_ahead();
        self.aside(|| {
            let _ = self.stderr().write_all(text.as_bytes());
        });
    }

    /// From now on, what nobody reads from standard error in time is dropped; or no more.
    pub(super) fn hurry(&self, hurried: bool) {
        self.hurried.store(hurried, Ordering::Relaxed);
    }

    /// Writes to standard output.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        let mut stdout = self.stdout();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Whether a file is one of the streams in which a CI system obeys commands, under whatever name it was opened.
    #[cfg(unix)]
    pub(crate) fn is_obeyed(&self, file: &File) -> bool {
        use std::os::fd::AsFd;

        let id = |file: &dyn AsFd| {
            rustix::fs::fstat(file.as_fd()).ok().map(|stat| (stat.st_dev, stat.st_ino))
        };
        let Streams { stdout_is_obeyed, stderr_is_obeyed, .. } = self.streams;
        stdout_is_obeyed && id(file) == id(&io::stdout())
            || stderr_is_obeyed && id(file) == id(&io::stderr())
    }

    #[cfg(not(unix))]
    pub(crate) fn is_obeyed(&self, _: &File) -> bool {
        false
    }

    /// Standard output, for a guest.
    pub(crate) fn guest_stdout(&self) -> Output {
        let Streams { stdout_is_terminal, stdout_is_pipe, stdout_is_obeyed, .. } = self.streams;
        let stream: Box<dyn Write + Send> = if stdout_is_pipe && !stdout_is_obeyed {
            Box::new(self.pipe.clone())
        } else {
            self.stream(Unbuffered, Stream::Stdout, stdout_is_obeyed)
        };
        self.guest_output(stream, stdout_is_terminal)
    }

    /// Standard error, for a guest.
    pub(crate) fn guest_stderr(&self) -> Output {
        let stream = Behind { pipe: self.pipe.clone(), inner: self.stderr() };
        self.guest_output(Box::new(stream), self.streams.stderr_is_terminal)
    }

    fn guest_output(&self, stream: Box<dyn Write + Send>, is_terminal: bool) -> Output {
        let writer: Arc<Mutex<dyn Write + Send>> = if is_terminal {
            let aside = Aside { console: self.clone(), inner: stream };
            Arc::new(Mutex::new(VisibleWriter::new(aside)))
        } else {
            Arc::new(Mutex::new(stream))
        };
        Output { writer, is_terminal }
    }

    fn stdout(&self) -> Box<dyn Write + Send> {
        self.stream(io::stdout(), Stream::Stdout, self.streams.stdout_is_obeyed)
    }

    fn stderr(&self) -> Box<dyn Write + Send> {
        self.stream(io::stderr(), Stream::Stderr, self.streams.stderr_is_obeyed)
    }

    fn stream(
        &self,
        inner: impl Write + Send + 'static,
        stream: Stream,
        is_obeyed: bool,
    ) -> Box<dyn Write + Send> {
        if is_obeyed {
            Box::new(HarmlessWriter { inner, stream, written: Arc::clone(&self.written) })
        } else {
            Box::new(inner)
        }
    }

    /// Ends the lines in which a guest has left what could be the first half of a command to the CI system that
    /// reads them: the next attempt, or the next program of the step, must not write the second.
    pub(super) fn end_lines(&self) {
        let open = locked(&self.written).map(|written| written.open()).unwrap_or_default();
        for stream in open {
            let mut writer = match stream {
                Stream::Stdout => self.stdout(),
                Stream::Stderr => self.stderr(),
            };
            // Where the stream is closed nobody obeys it.
            let _ = writer.write_all(b"\n");
        }
    }

    /// The same where the process that wrote was ended, and cannot say what it has left.
    pub(super) fn end_lost_lines(&self) {
        #[cfg(unix)]
        {
            if self.streams.stdout_is_obeyed {
                super::unread::write(&io::stdout(), b"\n");
            }
            if self.streams.stderr_is_obeyed {
                super::unread::write(&io::stderr(), b"\n");
            }
        }
        #[cfg(not(unix))]
        self.end_lines();
    }

    /// Shows a bar from now on, or none.
    pub(super) fn set_bar(&self, bar: Option<ProgressBar>) {
        *self.lock() = bar;
    }

    /// Removes the bar, if there is one.
    pub(crate) fn clear_bar(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    /// Removes a bar that another process has left behind.
    pub(super) fn clear_line(&self) {
        if self.streams.stderr_is_terminal {
            self.err("\r\u{1b}[2K");
        }
    }

    /// Does something that writes to the terminal while the bar is out of the way.
    fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        match &*self.lock() {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard output past the buffer that the standard library has for it, which looks for the end of the
/// last line in whatever it is given, and makes two calls of one write.
struct Unbuffered;

impl Write for Unbuffered {
    #[cfg(unix)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    #[cfg(not(unix))]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stdout = io::stdout();
        stdout.write_all(bytes)?;
        stdout.flush().map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes behind what was written to standard output, which may be the same pipe.
struct Behind<W> {
    pipe: Bundle<Unbuffered>,
    inner: W,
}

impl<W: Write> Write for Behind<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.go_ahead();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes while the bar is out of the way.
struct Aside<W> {
    console: Console,
    inner: W,
}

impl<W: Write> Write for Aside<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let inner = &mut self.inner;
        self.console.aside(|| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
