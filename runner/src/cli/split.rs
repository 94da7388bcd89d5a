//! Takes the runner's options out of a command line, wherever they stand.

use std::ffi::{OsStr, OsString};

use clap::Arg;

use super::GlobalOptions;

/// A command line in two parts, each in its order.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// The runner's options with their values.
    pub(super) global: Vec<OsString>,
    /// Everything else.
    pub(super) rest: Vec<OsString>,
}

/// Splits a command line. What follows `--` is never the runner's.
pub(super) fn split(arguments: impl IntoIterator<Item = OsString>) -> Split {
    let mut arguments = arguments.into_iter();
    let mut split = Split::default();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            split.rest.push(argument);
            split.rest.extend(arguments);
            break;
        }
        match find(&argument) {
            None => split.rest.push(argument),
            Some((option, has_value)) => {
                split.global.push(argument);
                if option.get_action().takes_values() && !has_value {
                    split.global.extend(arguments.next());
                }
            }
        }
    }
    split
}

/// A command line up to the first word that is no option of the runner's.
#[derive(Debug, Default)]
pub(super) struct Leading {
    /// The runner's options before that word, with their values.
    pub(super) global: Vec<OsString>,
    pub(super) word: OsString,
    /// All that follows, as it is.
    pub(super) rest: Vec<OsString>,
}

/// Splits a command line behind its first word that is no option of the runner's, if it has one.
pub(super) fn leading(arguments: impl IntoIterator<Item = OsString>) -> Option<Leading> {
    let mut arguments = arguments.into_iter();
    let mut global = Vec::new();
    loop {
        let argument = arguments.next()?;
        let Some((option, has_value)) = find(&argument) else {
            return Some(Leading { global, word: argument, rest: arguments.collect() });
        };
        global.push(argument);
        if option.get_action().takes_values() && !has_value {
            global.extend(arguments.next());
        }
    }
}

/// The option that an argument is, and whether it brings its value along.
fn find(argument: &OsStr) -> Option<(&'static Arg, bool)> {
    let bytes = argument.as_encoded_bytes();
    // Most words are none, and then clap need not say which there are.
    if !bytes.starts_with(b"-") {
        return None;
    }
    let command = GlobalOptions::command_for_parsing();
    if let Some(long) = bytes.strip_prefix(b"--") {
        let end = long.iter().position(|byte| *byte == b'=').unwrap_or(long.len());
        let option = command
            .get_arguments()
            .find(|option| option.get_long().is_some_and(|name| name.as_bytes() == &long[..end]))?;
        return Some((option, end < long.len()));
    }
    let letter = char::from(*bytes.strip_prefix(b"-")?.first()?);
    let option = command.get_arguments().find(|option| option.get_short() == Some(letter))?;
    Some((option, bytes.len() > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_words(words: &[&str]) -> (Vec<String>, Vec<String>) {
        let split = split(words.iter().map(OsString::from));
        let text = |part: Vec<OsString>| {
            part.into_iter().map(|w| w.to_string_lossy().into_owned()).collect()
        };
        (text(split.global), text(split.rest))
    }

    #[test]
    fn values_go_with_their_options() {
        let (global, rest) =
            split_words(&["-C", "dir", "x", "--format=json", "-n", "-Cother", "--timings", "y"]);
        assert_eq!(global, ["-C", "dir", "--format=json", "-Cother", "--timings"]);
        assert_eq!(rest, ["x", "-n", "y"]);
    }

    #[test]
    fn no_plugin_can_take_the_name_of_an_option() {
        use crate::plugin::name::{OPTIONS, SHORT_OPTIONS};

        let command = GlobalOptions::command_for_parsing();
        let mut longs: Vec<&str> = command.get_arguments().filter_map(Arg::get_long).collect();
        longs.extend(["help", "version"]);
        longs.sort_unstable();
        assert_eq!(longs, OPTIONS);
        let mut shorts: Vec<char> = command.get_arguments().filter_map(Arg::get_short).collect();
        shorts.extend(['V', 'h']);
        shorts.sort_unstable();
        assert_eq!(shorts, SHORT_OPTIONS);
    }

    #[test]
    fn a_longer_name_is_another_option() {
        let (global, rest) = split_words(&["x", "--configuration", "a", "--formats=b"]);
        assert!(global.is_empty());
        assert_eq!(rest, ["x", "--configuration", "a", "--formats=b"]);
    }
}
