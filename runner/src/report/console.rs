//! The two streams, and the progress bar that they share the terminal with.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

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
}

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
        Self {
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal,
            color_stdout: color(stdout_is_terminal),
            color_stderr: color(stderr_is_terminal),
        }
    }
}

/// Where everything is written. Clones share the progress bar.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) streams: Streams,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Console {
    pub(crate) fn new(streams: Streams) -> Self {
        Self { streams, bar: Arc::default() }
    }

    /// Writes to standard error. Where that is closed there is nobody to tell.
    pub(crate) fn err(&self, text: &str) {
        self.aside(|| {
            let _ = io::stderr().lock().write_all(text.as_bytes());
        });
    }

    /// Writes to standard output.
    pub(crate) fn out(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Standard output, for a guest.
    pub(crate) fn guest_stdout(&self) -> Output {
        self.guest_output(io::stdout, self.streams.stdout_is_terminal)
    }

    /// Standard error, for a guest.
    pub(crate) fn guest_stderr(&self) -> Output {
        self.guest_output(io::stderr, self.streams.stderr_is_terminal)
    }

    fn guest_output<W: Write + Send + 'static>(
        &self,
        open: fn() -> W,
        is_terminal: bool,
    ) -> Output {
        let writer: Arc<Mutex<dyn Write + Send>> = if is_terminal {
            let aside = Aside { console: self.clone(), inner: open() };
            Arc::new(Mutex::new(VisibleWriter::new(aside)))
        } else {
            Arc::new(Mutex::new(open()))
        };
        Output { writer, is_terminal }
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
