use super::*;
use crate::invocation::Source;
use crate::permission::{Access, PathKind, PathSpec};
use crate::plugin::{ValueSpec, ValueType};

fn spec(name: &str, shape: Shape) -> ArgumentSpec {
    ArgumentSpec {
        name: name.into(),
        short: None,
        help: String::new(),
        shape,
        configuration_key: None,
    }
}

fn value(kind: ValueType) -> ValueSpec {
    ValueSpec { kind, required: false, repeated: true, default: None, placeholder: None }
}

fn path() -> ValueType {
    ValueType::Path(PathSpec { kind: PathKind::File, access: Access::Read })
}

fn argument(name: &str, values: Vec<Value>) -> Argument {
    Argument { name: name.into(), values, source: Source::CommandLine }
}

#[test]
fn a_plugin_of_the_contract_has_none() {
    let manifest = Manifest::with_arguments(Vec::new());
    assert_eq!(command_line(&manifest, &["a".into()], &[]).expect("a plugin"), None);
}

#[test]
fn what_was_typed_is_passed_behind_the_leading_words() {
    let manifest = Manifest::of_demo_program(&["-q"], None);
    let raw = ["--x=1".to_owned(), String::new()];
    let words = command_line(&manifest, &raw, &[]).ok().flatten().expect("a program");
    assert_eq!(words, ["demo", "-q", "--x=1", ""]);
}

#[test]
fn arguments_are_passed_as_the_manifest_says() {
    let specs = vec![
        spec("file", Shape::Positional(value(path()))),
        spec("width", Shape::Option(value(ValueType::Integer { min: None, max: None }))),
        spec("scale", Shape::Option(value(ValueType::Number))),
        spec("on", Shape::Flag),
        spec("off", Shape::Flag),
    ];
    let form = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut passed: Vec<Vec<String>> = specs.iter().map(usual_form).collect();
    passed[1] = form(&["-w", "{}px{}"]);
    passed[3] = form(&["-o", "-n"]);
    let manifest = Manifest::of_demo_program(&[], Some((specs, passed)));
    let arguments = [
        argument("file", vec![Value::Path("/a {}".into()), Value::Path("/b".into())]),
        argument("width", vec![Value::Integer(-3)]),
        argument("scale", vec![Value::Number(2.5), Value::Number(1.0)]),
        argument("on", vec![Value::Flag(true)]),
        argument("off", vec![Value::Flag(false)]),
    ];
    let words = command_line(&manifest, &[], &arguments).ok().flatten().expect("a program");
    // What a value holds is no form.
    let expected =
        ["demo", "-w", "-3px-3", "--scale", "2.5", "--scale", "1", "-o", "-n", "/a {}", "/b"];
    assert_eq!(words, expected);
}

#[test]
fn no_manifest_makes_a_command_line_without_end() {
    let line = |form: &[&str], values: Vec<Value>| {
        let specs = vec![spec("a", Shape::Option(value(ValueType::Text)))];
        let form = form.iter().map(|&word| word.to_owned()).collect();
        let manifest = Manifest::of_demo_program(&[], Some((specs, vec![form])));
        command_line(&manifest, &[], &[argument("a", values)])
    };
    let text = |count| Value::Text("x".repeat(count));
    let often = "{}".repeat(1000);
    assert!(line(&[&often], vec![text(8000)]).is_ok());
    let too_long = |result| matches!(result, Err(ArgumentError::TooLong { .. }));
    assert!(too_long(line(&[&often], vec![text(9000)])));
    assert!(too_long(line(&["{}"; 1000], vec![text(0); 1000])), "empty words take room, too");
    assert!(matches!(line(&["{}"], vec![Value::Text("a\0b".into())]), Err(ArgumentError::Nul)));
}

#[test]
fn a_form_has_its_value_and_no_more() {
    let option = spec("a", Shape::Option(value(ValueType::Text)));
    let flag = spec("a", Shape::Flag);
    for (spec, form, is_right) in [
        (&option, &["-a", "{}"][..], true),
        (&option, &["-a{}"], true),
        (&option, &["-a"], false),
        (&option, &[], false),
        (&option, &["{}\0"], false),
        (&flag, &["-a", "on"], true),
        (&flag, &["{}"], false),
        (&flag, &[], false),
    ] {
        let form: Vec<String> = form.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(check_form(spec, &form).is_ok(), is_right, "{form:?}");
    }
}
