//! Manifests: whatever passes the check can be shown, completed and printed, and its words stay words.

use clap::{Command, ValueEnum};
use clap_complete::Shell;

use super::assert_plain;
use super::source::Source;
use crate::invocation::clap_command;
use crate::plugin::{Declared, Manifest};
use crate::report::{completion_script, manual_page};

/// The bytes make a declaration.
pub fn manifest(bytes: &[u8]) {
    let declared = Source(bytes).declared();
    let manifest = match Manifest::check(declared.clone()) {
        Ok(manifest) => manifest,
        Err(error) => return assert_plain("a fault", &crate::text::visible(&error.to_string())),
    };
    let command = clap_command(&manifest);
    command.clone().debug_assert();
    assert_plain("the help", &command.clone().render_long_help().to_string());
    assert_plain("the short help", &command.clone().render_help().to_string());

    // The same with other words: what shells and roff take for more than words must not differ.
    let mute =
        clap_command(&Manifest::check(muted(declared)).expect("other words of the same length"));
    for shell in Shell::value_variants() {
        let (script, muted) = (script(*shell, &command), script(*shell, &mute));
        assert_plain("a completion script", &script);
        assert_eq!(syntax(&script), syntax(&muted), "{shell}: {script}");
    }
    let (page, muted) = (page(command), page(mute));
    assert_plain("the manual page", &page);
    assert_eq!(requests(&page), requests(&muted), "{page}");
    assert_escapes(&page);
}

/// The words for people, each character of them replaced by a letter.
fn muted(mut declared: Declared) -> Declared {
    let mute = |text: &mut String| {
        *text = text.chars().map(|c| if c.is_whitespace() { c } else { 'x' }).collect();
    };
    mute(&mut declared.summary);
    declared.description.iter_mut().for_each(mute);
    for argument in &mut declared.arguments {
        mute(&mut argument.help);
    }
    declared
}

fn script(shell: Shell, command: &Command) -> String {
    let whole = Command::new("taskrunner").subcommand(command.clone());
    String::from_utf8(completion_script(shell, whole)).expect("a script is text")
}

/// What a shell may take for more than a part of a word, in its order.
fn syntax(script: &str) -> String {
    script.chars().filter(|c| !c.is_alphanumeric() && !" .,;()-_/".contains(*c)).collect()
}

fn page(command: Command) -> String {
    String::from_utf8(manual_page(command).expect("memory can be written")).expect("it is text")
}

/// The lines of a page that are requests.
fn requests(page: &str) -> Vec<&str> {
    page.lines().filter(|line| line.starts_with(['.', '\''])).collect()
}

/// Each escape sequence of a page is one that its maker writes.
fn assert_escapes(page: &str) {
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('\\') {
        let known = ["\\", "-", "&", "*(Aq", "fB", "fI", "fR", "(bu", "(aq", "n(.g"];
        let Some(escape) = known.iter().find(|escape| after.starts_with(**escape)) else {
            panic!("the escape \\{:.8} in {page}", after);
        };
        rest = &after[escape.len()..];
    }
}
