use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::permission::Access;
use crate::permission::PathKind;
use crate::plugin::{Shape, ValueSpec, ValueType};

const FILE: PathSpec = PathSpec { kind: PathKind::File, access: Access::Read };

fn option(name: &str, kind: ValueType) -> ArgumentSpec {
    let value =
        ValueSpec { kind, required: false, repeated: false, default: None, placeholder: None };
    argument(name, Shape::Option(value))
}

/// An argument whose configuration key is its name.
fn argument(name: &str, shape: Shape) -> ArgumentSpec {
    ArgumentSpec {
        name: name.into(),
        short: None,
        help: String::new(),
        shape,
        configuration_key: Some(name.into()),
    }
}

/// Everything that can give values to the arguments of one manifest.
struct World {
    manifest: Manifest,
    directory: tempfile::TempDir,
    typed: Typed,
    variables: BTreeMap<&'static str, &'static str>,
    section: Json,
}

impl World {
    fn new(arguments: Vec<ArgumentSpec>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("sub")).expect("a directory");
        std::fs::write(directory.path().join("sub/file"), "").expect("a file");
        let typed = vec![None; arguments.len()];
        let manifest = Manifest::with_arguments(arguments);
        Self { manifest, directory, typed, variables: BTreeMap::new(), section: json!({}) }
    }

    fn with_default(mut spec: ArgumentSpec, default: &str) -> Self {
        if let Shape::Option(value) | Shape::Positional(value) = &mut spec.shape {
            value.default = Some(default.into());
        }
        Self::new(vec![spec])
    }

    fn type_in(mut self, texts: &[&str]) -> Self {
        self.typed[0] = Some(TypedValues::Texts(texts.iter().map(ToString::to_string).collect()));
        self
    }

    fn set(mut self, variable: &'static str, value: &'static str) -> Self {
        self.variables.insert(variable, value);
        self
    }

    fn configure(mut self, section: Json) -> Self {
        self.section = section;
        self
    }

    /// The workspace is the directory, and the user stands in `sub`.
    fn resolve(&self) -> Result<Resolved, ArgumentError> {
        let workspace = self.directory.path();
        let paths = Paths::new(workspace, &workspace.join("sub"), None).expect("both are there");
        let environment = |name: &str| self.variables.get(name).map(ToString::to_string);
        let section = self.section.as_object().expect("an object");
        let typed = self.typed.clone();
        resolve(
            &self.manifest,
            Sources { typed, environment: &environment, section, paths: &paths },
        )
    }

    /// The source and the values of the first argument.
    fn first(&self) -> (Source, Vec<Value>) {
        let first = self.resolve().expect("it resolves").arguments.swap_remove(0);
        (first.source, first.values)
    }

    fn error(&self) -> String {
        self.resolve().expect_err("it does not resolve").to_string()
    }
}

fn text(text: &str) -> Vec<Value> {
    vec![Value::Text(text.into())]
}

#[test]
fn the_strongest_source_wins() {
    let world = || World::with_default(option("name", ValueType::Text), "default");
    assert_eq!(world().first(), (Source::Default, text("default")));
    let file = json!({ "name": "file" });
    assert_eq!(world().configure(file.clone()).first(), (Source::Configuration, text("file")));
    let set = || world().configure(file.clone()).set("TASKRUNNER_DEMO_NAME", "variable");
    assert_eq!(set().first(), (Source::Environment, text("variable")));
    assert_eq!(set().type_in(&["typed"]).first(), (Source::CommandLine, text("typed")));
}

proptest! {
    #[test]
    fn whatever_else_is_there_the_strongest_source_wins(
        typed: bool, variable: bool, configured: bool, default: bool,
    ) {
        let mut world = if default {
            World::with_default(option("name", ValueType::Text), "default")
        } else {
            World::new(vec![option("name", ValueType::Text)])
        };
        if typed {
            world = world.type_in(&["typed"]);
        }
        if variable {
            world = world.set("TASKRUNNER_DEMO_NAME", "variable");
        }
        if configured {
            world = world.configure(json!({ "name": "file" }));
        }
        let expected = match (typed, variable, configured, default) {
            (true, ..) => (Source::CommandLine, text("typed")),
            (_, true, ..) => (Source::Environment, text("variable")),
            (_, _, true, _) => (Source::Configuration, text("file")),
            (.., true) => (Source::Default, text("default")),
            _ => (Source::Default, Vec::new()),
        };
        prop_assert_eq!(world.first(), expected);
    }
}

#[test]
fn a_stronger_source_hides_the_mistake_of_a_weaker_one() {
    let count = || World::new(vec![option("count", ValueType::Integer { min: None, max: None })]);
    let broken = |world: World| world.configure(json!({ "count": "many" }));
    assert_eq!(
        broken(count()).error(),
        "`demo.count` in the configuration is not a whole number of 64 bits"
    );
    let set = broken(count()).set("TASKRUNNER_DEMO_COUNT", "some");
    assert_eq!(
        set.error(),
        "the environment variable TASKRUNNER_DEMO_COUNT: `some` is not a whole number of 64 bits"
    );
    assert_eq!(set.type_in(&["3"]).first(), (Source::CommandLine, vec![Value::Integer(3)]));
}

#[test]
fn without_a_key_only_the_command_line_and_the_default_count() {
    let mut spec = option("name", ValueType::Text);
    spec.configuration_key = None;
    let world = World::new(vec![spec])
        .set("TASKRUNNER_DEMO_NAME", "variable")
        .configure(json!({ "name": "file" }));
    assert_eq!(world.first(), (Source::Default, Vec::new()));
}

#[test]
fn a_flag_has_exactly_one_value() {
    let flag = || World::new(vec![argument("loud", Shape::Flag)]);
    assert_eq!(flag().first(), (Source::Default, vec![Value::Flag(false)]));
    let on = flag().configure(json!({ "loud": true }));
    assert_eq!(on.first(), (Source::Configuration, vec![Value::Flag(true)]));
    let off = on.set("TASKRUNNER_DEMO_LOUD", "off");
    assert_eq!(off.first(), (Source::Environment, vec![Value::Flag(false)]));
}

#[test]
fn a_repeated_argument_takes_a_list() {
    let kind = ValueType::Integer { min: None, max: Some(5) };
    let spec = || {
        let mut spec = option("count", kind.clone());
        if let Shape::Option(value) = &mut spec.shape {
            value.repeated = true;
        }
        spec
    };
    let world = World::new(vec![spec()]).configure(json!({ "count": [1, 2] }));
    assert_eq!(world.first().1, [Value::Integer(1), Value::Integer(2)]);
    let world = World::new(vec![spec()]).configure(json!({ "count": 3 }));
    assert_eq!(world.first().1, [Value::Integer(3)]);
    // The mistake is at one of them.
    let world = World::new(vec![spec()]).configure(json!({ "count": [1, 6] }));
    let Err(ArgumentError::Configuration { steps, .. }) = world.resolve() else {
        panic!("6 is too much")
    };
    assert_eq!(steps, ["count", "1"]);
    // One value is no list.
    let world = World::new(vec![option("count", kind.clone())]).configure(json!({ "count": [1] }));
    assert!(world.error().contains("`demo.count`"), "{}", world.error());
}

#[test]
fn a_required_value_must_come_from_somewhere() {
    let mut spec = option("name", ValueType::Text);
    if let Shape::Option(value) = &mut spec.shape {
        value.required = true;
    }
    let world = || World::new(vec![spec.clone()]);
    let error = world().error();
    for place in ["--name is required", "TASKRUNNER_DEMO_NAME", "demo.name"] {
        assert!(error.contains(place), "{error}");
    }
    assert_eq!(world().configure(json!({ "name": "file" })).first().0, Source::Configuration);
    assert_eq!(world().set("TASKRUNNER_DEMO_NAME", "x").first().0, Source::Environment);
}

#[test]
fn only_a_path_that_was_typed_is_named() {
    let path = || World::new(vec![option("file", ValueType::Path(FILE))]);
    let named = |world: &World| world.resolve().expect("it resolves").named;
    let guest = |world: &World| world.first().1;

    let typed = path().type_in(&["file"]);
    assert_eq!(guest(&typed), [Value::Path("/sub/file".into())]);
    let host = typed.directory.path().join("sub/file");
    let host = dunce::canonicalize(host).expect("it is there");
    assert_eq!(named(&typed), [NamedPath { host, guest: "/sub/file".into(), spec: FILE }]);

    let set = path().set("TASKRUNNER_DEMO_FILE", "file");
    assert_eq!(guest(&set), [Value::Path("/sub/file".into())], "relative to the user's directory");
    assert!(named(&set).is_empty());

    let configured = path().configure(json!({ "file": "file" }));
    assert_eq!(guest(&configured), [Value::Path("/file".into())], "relative to the workspace");
    assert!(named(&configured).is_empty());

    let default = World::with_default(option("file", ValueType::Path(FILE)), "sub/file");
    assert_eq!(guest(&default), [Value::Path("/sub/file".into())]);
    assert!(named(&default).is_empty());
}

#[test]
fn a_path_that_was_typed_must_be_what_it_is_for() {
    let path = |spec| World::new(vec![option("path", ValueType::Path(spec))]);
    assert!(path(FILE).type_in(&["none"]).error().contains("--path: "));
    assert!(path(FILE).type_in(&["."]).error().contains("is a directory, not a file"));
    let directory = PathSpec { kind: PathKind::Directory, ..FILE };
    assert!(path(directory).type_in(&["file"]).error().contains("is not a directory"));
    let output = PathSpec { access: Access::Write, ..FILE };
    assert_eq!(path(output).type_in(&["new"]).first().1, [Value::Path("/sub/new".into())]);
    assert!(path(output).type_in(&["none/new"]).error().contains("is not there"));
}
