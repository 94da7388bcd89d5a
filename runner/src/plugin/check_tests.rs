use super::*;
use crate::permission::{Access, Capability, Kind, PathKind, PathSpec};
use crate::plugin::Manifest;

fn sound() -> Declared {
    Declared {
        name: "demo".into(),
        version: "1.2.3".into(),
        summary: "Do something".into(),
        description: Some("At length.\n\nIn paragraphs.".into()),
        arguments: Vec::new(),
        configuration_schema: Some(r#"{ "type": "object" }"#.into()),
        requests: Vec::new(),
    }
}

/// What is said of a manifest with this one change.
fn fault(change: impl FnOnce(&mut Declared)) -> String {
    let mut declared = sound();
    change(&mut declared);
    Manifest::check(declared).expect_err("it breaks a rule").to_string()
}

fn passes(change: impl FnOnce(&mut Declared)) {
    let mut declared = sound();
    change(&mut declared);
    Manifest::check(declared.clone()).unwrap_or_else(|error| panic!("{error}: {declared:?}"));
}

fn argument(name: &str, shape: Shape) -> ArgumentSpec {
    ArgumentSpec {
        name: name.into(),
        short: None,
        help: "Helps".into(),
        shape,
        configuration_key: None,
    }
}

fn flag(name: &str) -> ArgumentSpec {
    argument(name, Shape::Flag)
}

fn value(kind: ValueType) -> ValueSpec {
    ValueSpec { kind, required: false, repeated: false, default: None, placeholder: None }
}

fn option(name: &str, value: ValueSpec) -> ArgumentSpec {
    argument(name, Shape::Option(value))
}

fn place(name: &str, value: ValueSpec) -> ArgumentSpec {
    argument(name, Shape::Positional(value))
}

fn request(capability: Capability) -> Request {
    Request { capability, reason: "to work".into() }
}

/// What is said of these arguments.
fn argument_fault(arguments: impl Into<Vec<ArgumentSpec>>) -> String {
    fault(|declared| declared.arguments = arguments.into())
}

fn arguments_pass(arguments: impl Into<Vec<ArgumentSpec>>) {
    passes(|declared| declared.arguments = arguments.into());
}

#[test]
fn a_sound_manifest_passes() {
    assert_eq!(check(&sound()).expect("it is sound").name.as_str(), "demo");
    arguments_pass([
        ArgumentSpec {
            short: Some('x'),
            configuration_key: Some("Key_1-a".into()),
            ..flag("flag")
        },
        option(
            "text",
            ValueSpec {
                default: Some("żółć".into()),
                placeholder: Some("A-WORD_1".into()),
                ..value(ValueType::Text)
            },
        ),
        option("count", value(ValueType::Integer { min: Some(3), max: Some(3) })),
        place("first", ValueSpec { required: true, ..value(ValueType::Number) }),
        place(
            "second",
            value(ValueType::Path(PathSpec { kind: PathKind::File, access: Access::Read })),
        ),
        place("rest", ValueSpec { repeated: true, ..value(ValueType::Text) }),
    ]);
}

#[test]
fn names() {
    assert!(fault(|m| m.name = "Demo".into()).contains("`Demo` is no name for a command"));
    assert!(fault(|m| m.name = "help".into()).contains("a name of the runner's own"));
}

#[test]
fn versions() {
    for version in ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3\u{1b}", &"1".repeat(70)] {
        assert!(
            fault(|m| m.version = version.into()).contains("is not of the form 1.2.3"),
            "{version}"
        );
    }
    assert!(!fault(|m| m.version = "\u{1b}[2J".into()).contains('\u{1b}'));
    passes(|m| m.version = "1.2.3-rc.1+build.5".into());
}

#[test]
fn texts() {
    assert_eq!(fault(|m| m.summary = String::new()), "the summary is empty");
    assert_eq!(fault(|m| m.summary = "é".repeat(121)), "the summary is too long");
    passes(|m| m.summary = "é".repeat(120));
    assert_eq!(fault(|m| m.summary = "two\nlines".into()), "the summary has more than one line");
    for c in [
        '\u{1b}', '\u{7f}', '\u{9b}', '\r', '\t', '\0', '\u{202e}', '\u{2066}', '\u{200b}',
        '\u{feff}',
    ] {
        let text = format!("a{c}b");
        assert_eq!(
            fault(|m| m.summary = text.clone()),
            "the summary holds a control character",
            "{c:?}"
        );
        assert!(
            fault(|m| m.description = Some(text.clone())).contains("control character"),
            "{c:?}"
        );
        assert!(
            argument_fault([ArgumentSpec { help: text.clone(), ..flag("x") }]).contains("control")
        );
        let word = ValueSpec { default: Some(text.clone()), ..value(ValueType::Text) };
        assert!(argument_fault([option("x", word)]).contains("control character"), "{c:?}");
        let reason = Request { reason: text, capability: Capability::new(Kind::Read, ".") };
        assert!(fault(|m| m.requests = vec![reason]).contains("control character"), "{c:?}");
    }
    assert!(fault(|m| m.description = Some("x".repeat(16 * 1024 + 1))).contains("is too long"));
    passes(|m| m.description = Some("x".repeat(16 * 1024)));
}

#[test]
fn numbers_of_things() {
    let flags = |count: usize| (0..count).map(|n| flag(&format!("f{n}"))).collect::<Vec<_>>();
    arguments_pass(flags(256));
    assert_eq!(argument_fault(flags(257)), "there are 257 arguments, at most 256 are allowed");
    let requests = |count| vec![request(Capability::new(Kind::Read, ".")); count];
    passes(|m| m.requests = requests(64));
    assert!(fault(|m| m.requests = requests(65)).contains("65 requests, at most 64"));
}

#[test]
fn names_of_arguments() {
    for name in ["", "Flag", "a_b", "-a", "a b", "ä"] {
        assert!(argument_fault([flag(name)]).contains("kebab-case"), "{name}");
    }
    for name in ["config", "help", "version", "time-limit", "allow-write", "color"] {
        assert!(argument_fault([flag(name)]).contains("the runner's options"), "{name}");
        // Not typed by its name, but clap has arguments of these names for every command.
        let positional = place(name, value(ValueType::Text));
        assert!(argument_fault([positional]).contains("the runner's options"), "{name}");
    }
    assert!(argument_fault([flag("a"), flag("a")]).contains("`a` is declared twice"));
    let both = [flag("a"), place("a", value(ValueType::Text))];
    assert!(argument_fault(both).contains("declared twice"));
    // The negation of a flag with a key is a name as well.
    let keyed = ArgumentSpec { configuration_key: Some("a".into()), ..flag("a") };
    assert!(argument_fault([keyed.clone(), flag("no-a")]).contains("`no-a` is declared twice"));
    arguments_pass([flag("a"), flag("no-a")]);
}

#[test]
fn short_forms() {
    let short = |name: &str, letter| ArgumentSpec { short: Some(letter), ..flag(name) };
    for letter in ['h', 'V', 'C', '-', 'ä', ' ', '\u{1b}'] {
        assert!(
            argument_fault([short("a", letter)]).contains("cannot have the short form"),
            "{letter:?}"
        );
    }
    arguments_pass([short("a", 'a'), short("b", 'A'), short("c", '1')]);
    assert!(
        argument_fault([short("a", 'x'), short("b", 'x')]).contains("the short form of another")
    );
    let positional = ArgumentSpec { short: Some('x'), ..place("a", value(ValueType::Text)) };
    assert!(argument_fault([positional]).contains("is positional and has a short form"));
}

#[test]
fn configuration_keys() {
    let keyed = |name: &str, key: &str| ArgumentSpec {
        configuration_key: Some(key.into()),
        ..option(name, value(ValueType::Text))
    };
    for key in ["", "1a", "a.b", "ä", "a b", "-a", &"a".repeat(65)] {
        assert!(argument_fault([keyed("a", key)]).contains("configuration key"), "{key}");
    }
    // They have the same environment variable.
    for (one, other) in [("key", "key"), ("Key", "key"), ("a-b", "a_b")] {
        let fault = argument_fault([keyed("a", one), keyed("b", other)]);
        assert!(fault.contains("`b` has the configuration key of another"), "{fault}");
    }
}

#[test]
fn values() {
    let range = ValueType::Integer { min: Some(2), max: Some(1) };
    assert!(argument_fault([option("a", value(range))]).contains("a minimum above its maximum"));
    let choice =
        |words: &[&str]| value(ValueType::Choice(words.iter().map(ToString::to_string).collect()));
    assert!(argument_fault([option("a", choice(&[]))]).contains("has 0 words to choose from"));
    for words in [["a", "a"], ["a", ""], ["a", "b c"], ["a", "$(id)"], ["a", "ä"], ["a", "`"]] {
        assert!(
            argument_fault([option("a", choice(&words))]).contains("to choose from"),
            "{words:?}"
        );
    }
    arguments_pass([option("a", choice(&["x86_64", "a-b", "c++", "@v1.2:3/4"]))]);
    let many: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    let many = value(ValueType::Choice(many));
    assert!(argument_fault([option("a", many)]).contains("257 words"));
}

#[test]
fn defaults() {
    for placeholder in ["", "file", "A FILE", "A\u{1b}", &"X".repeat(33)] {
        let placeholder = Some(placeholder.to_owned());
        let spec = ValueSpec { placeholder, ..value(ValueType::Text) };
        assert!(argument_fault([option("a", spec)]).contains("placeholder"));
    }
    let with = |kind, default: &str| ValueSpec { default: Some(default.into()), ..value(kind) };
    for (kind, default) in [
        (ValueType::Number, "many"),
        (ValueType::Integer { min: None, max: Some(5) }, "6"),
        (ValueType::Choice(vec!["a".into()]), "b"),
        (ValueType::Path(PathSpec { kind: PathKind::File, access: Access::Read }), ""),
    ] {
        let fault = argument_fault([option("a", with(kind, default))]);
        assert!(fault.contains("a default that does not fit"), "{fault}");
    }
    let required = ValueSpec { required: true, ..with(ValueType::Text, "x") };
    assert!(argument_fault([option("a", required)]).contains("is required and has a default"));
}

#[test]
fn the_order_of_positional_arguments() {
    let required = ValueSpec { required: true, ..value(ValueType::Text) };
    let repeated = ValueSpec { repeated: true, ..value(ValueType::Text) };
    let fault = argument_fault([place("a", repeated), place("b", value(ValueType::Text))]);
    assert!(fault.contains("`b` follows a repeated positional argument"), "{fault}");
    let fault = argument_fault([place("a", value(ValueType::Text)), place("b", required.clone())]);
    assert!(fault.contains("`b` is required and follows"), "{fault}");
    // One with a key may be left out, whatever it says.
    let keyed =
        ArgumentSpec { configuration_key: Some("a".into()), ..place("a", required.clone()) };
    assert!(argument_fault([keyed, place("b", required.clone())]).contains("`b` is required"));
    arguments_pass([place("a", required), flag("f"), place("b", value(ValueType::Text))]);
}

#[test]
fn schemas() {
    for schema in ["", "{", "[]", r#"{ "type": "strnig" }"#, r#"{ "$ref": "other.json" }"#] {
        let fault = fault(|m| m.configuration_schema = Some(schema.into()));
        assert!(fault.starts_with("the configuration schema: "), "{schema}: {fault}");
    }
    let long = format!(r#"{{ "title": "{}" }}"#, "x".repeat(256 * 1024));
    assert!(fault(|m| m.configuration_schema = Some(long)).contains("more than 65536 bytes"));
}

#[test]
fn what_is_known_is_checked_but_for_its_schema() {
    let known = |change: &dyn Fn(&mut Declared)| {
        let mut declared = sound();
        change(&mut declared);
        Manifest::known(declared)
    };
    assert!(known(&|m| m.configuration_schema = Some("{".into())).is_ok());
    assert!(known(&|m| m.summary = String::new()).is_err());
}

#[test]
fn requests() {
    for path in [".", "out", "a/b", "./a", "/", "/etc/ssl", "src/**/*.{md,txt}"] {
        passes(|m| m.requests = vec![request(Capability::new(Kind::Write, path))]);
    }
    for path in ["", "..", "a/../..", "a/../b", "C:\\", "c:x", "a\\b", "~/x", "a/[", "\u{1b}"] {
        for kind in [Kind::Read, Kind::Write] {
            let fault = fault(|m| m.requests = vec![request(Capability::new(kind, path))]);
            assert!(fault.contains("request"), "{path}: {fault}");
        }
    }
    for host in
        ["https://\u{430}pi.example.org", "*.b\u{fc}cher.example", "\u{ff41}pi.example.org:443"]
    {
        let fault = fault(|m| m.requests = vec![request(Capability::new(Kind::Http, host))]);
        assert!(fault.contains("it is written `"), "{host}: {fault}");
    }
    passes(|m| {
        m.requests = vec![request(Capability::new(Kind::Http, "https://xn--bcher-kva.example"))]
    });
    passes(|m| m.requests = vec![request(Capability::new(Kind::Env, "RUST_LOG2"))]);
    for name in ["", "A=B", "1A", "A B", "Ä", "A-B"] {
        let fault = fault(|m| m.requests = vec![request(Capability::new(Kind::Env, name))]);
        assert!(fault.contains("not the name of an environment variable"), "{name}: {fault}");
    }
}
