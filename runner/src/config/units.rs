//! Values with a unit, as people write them on the command line and in files.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use tracing::level_filters::LevelFilter;

/// A time: `500ms`, `2s`, `1h 30m`; from a millisecond to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

/// A size: `64MiB`, `1GB`, or a number of bytes; not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

/// How much is logged: `off`, `error`, `warn`, `info`, `debug` or `trace`, in capitals or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogLevel(pub(crate) LevelFilter);

const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = humantime::parse_duration(text)
            .map_err(|_| "not a time such as `500ms`, `2s` or `1h 30m`".to_owned())?;
        if !(Duration::from_millis(1)..=LONGEST).contains(&time) {
            return Err("not between 1ms and 30days".into());
        }
        Ok(Self(time))
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<ByteSize>() {
            Ok(ByteSize(0)) => Err("not more than zero".into()),
            Ok(ByteSize(bytes)) => Ok(Self(bytes)),
            Err(_) => Err("not a size such as `64MiB`, `1GB` or a number of bytes".into()),
        }
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = match text.to_ascii_lowercase().as_str() {
            "off" => LevelFilter::OFF,
            "error" => LevelFilter::ERROR,
            "warn" | "warning" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => return Err("not one of off, error, warn, info, debug, trace".into()),
        };
        Ok(Self(level))
    }
}

/// Reads a `T` from its text; `Bytes` from a number, too.
struct FromText<T> {
    expected: &'static str,
    number: fn(u64) -> Option<T>,
}

impl<T: FromStr<Err = String>> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|problem| E::custom(format!("`{text}` is {problem}")))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.number)(number)
            .ok_or_else(|| E::invalid_type(de::Unexpected::Unsigned(number), &self))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(FromText { expected: "a time such as \"2s\"", number: |_| None })
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = |bytes| (bytes > 0).then_some(Self(bytes));
        deserializer.deserialize_any(FromText { expected: "a size such as \"64MiB\"", number })
    }
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "one of off, error, warn, info, debug, trace";
        deserializer.deserialize_any(FromText { expected, number: |_| None })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn units_are_read_as_people_write_them() {
        assert_eq!("2s".parse(), Ok(Time(Duration::from_secs(2))));
        assert_eq!("1h 30m".parse(), Ok(Time(Duration::from_secs(5400))));
        for bad in ["", "2", "-1s", "0s", "31days", "99999999999999999999s"] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
        assert_eq!("64MiB".parse(), Ok(Bytes(64 << 20)));
        assert_eq!("1GB".parse(), Ok(Bytes(1_000_000_000)));
        assert_eq!("17".parse(), Ok(Bytes(17)));
        for bad in ["", "0", "-1", "64 megs", "NaN"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        assert_eq!("INFO".parse(), Ok(LogLevel(LevelFilter::INFO)));
        assert!("loud".parse::<LogLevel>().is_err());
    }

    #[test]
    fn files_may_give_a_size_as_a_number() {
        assert_eq!(serde_json::from_value::<Bytes>(json!(1024)).expect("a number"), Bytes(1024));
        assert!(serde_json::from_value::<Bytes>(json!(0)).is_err());
        assert!(serde_json::from_value::<Time>(json!(2)).is_err());
        assert!(serde_json::from_value::<Time>(json!("2s")).is_ok());
    }
}
