//! Carries the lines of the crate `log` to the runner.

use log::kv::{Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};

use crate::bindings::taskrunner::plugin::log as host;

struct Logger;

/// Makes [`Logger`] the logger of this instance. The runner filters by its own level.
pub(crate) fn install() {
    // An error says that the plugin has installed a logger of its own, which then is its choice.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            log::Level::Error => host::Level::Error,
            log::Level::Warn => host::Level::Warn,
            log::Level::Info => host::Level::Info,
            log::Level::Debug => host::Level::Debug,
            log::Level::Trace => host::Level::Trace,
        };
        let mut fields = Fields::default();
        // The visitor never fails.
        let _ = record.key_values().visit(&mut fields);
        host::log(level, &record.args().to_string(), &fields.0);
    }

    fn flush(&self) {}
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        self.0.push((key.to_string(), value.to_string()));
        Ok(())
    }
}
