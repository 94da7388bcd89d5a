use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

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
    ValueSpec { kind, required: false, repeated: false, default: None, placeholder: None }
}

fn manifest(arguments: Vec<ArgumentSpec>) -> Manifest {
    Manifest::with_arguments(arguments)
}

fn parse_words(manifest: &Manifest, words: &[&str]) -> Result<Typed, clap::Error> {
    let raw: Vec<String> = words.iter().map(ToString::to_string).collect();
    parse(manifest, &raw)
}

fn texts(texts: &[&str]) -> Option<TypedValues> {
    Some(TypedValues::Texts(texts.iter().map(ToString::to_string).collect()))
}

#[test]
fn a_flag_with_a_key_can_be_negated_and_the_last_word_counts() {
    let mut flag = spec("loud", Shape::Flag);
    flag.configuration_key = Some("loud".into());
    let manifest = manifest(vec![flag, spec("plain", Shape::Flag)]);
    let on = |words: &[&str]| parse_words(&manifest, words).expect("it parses")[0].clone();
    assert_eq!(on(&[]), None);
    assert_eq!(on(&["--loud"]), Some(TypedValues::Flag(true)));
    assert_eq!(on(&["--no-loud"]), Some(TypedValues::Flag(false)));
    assert_eq!(on(&["--loud", "--no-loud", "--no-loud"]), Some(TypedValues::Flag(false)));
    assert_eq!(on(&["--no-loud", "--loud", "--loud"]), Some(TypedValues::Flag(true)));
    assert!(parse_words(&manifest, &["--no-plain"]).is_err());
}

#[test]
fn a_required_value_may_come_from_elsewhere_if_it_has_a_key() {
    let mut option =
        spec("name", Shape::Option(ValueSpec { required: true, ..value(ValueType::Text) }));
    assert!(parse_words(&manifest(vec![option.clone()]), &[]).is_err());
    option.configuration_key = Some("name".into());
    assert_eq!(parse_words(&manifest(vec![option]), &[]).expect("it parses"), [None]);
}

#[test]
fn a_single_value_is_given_once_and_a_repeated_one_often() {
    let once = manifest(vec![spec("x", Shape::Option(value(ValueType::Text)))]);
    assert!(parse_words(&once, &["--x=1", "--x=2"]).is_err());
    let often = ValueSpec { repeated: true, ..value(ValueType::Text) };
    let often = manifest(vec![spec("x", Shape::Option(often))]);
    assert_eq!(
        parse_words(&often, &["--x=1", "--x", "2"]).expect("it parses"),
        [texts(&["1", "2"])]
    );
}

#[test]
fn dashes_end_the_options() {
    let rest = ValueSpec { repeated: true, ..value(ValueType::Text) };
    let manifest = manifest(vec![spec("all", Shape::Flag), spec("rest", Shape::Positional(rest))]);
    let typed = parse_words(&manifest, &["a", "--", "--all", "--", "-x"]).expect("it parses");
    assert_eq!(typed, [None, texts(&["a", "--all", "--", "-x"])]);
}

#[test]
fn negative_numbers_are_values() {
    let count = spec("count", Shape::Option(value(ValueType::Integer { min: None, max: None })));
    let ratio = spec("ratio", Shape::Positional(value(ValueType::Number)));
    let manifest = manifest(vec![count, ratio]);
    let typed = parse_words(&manifest, &["--count", "-3", "-1.5"]).expect("it parses");
    assert_eq!(typed, [texts(&["-3"]), texts(&["-1.5"])]);
}

/// An argument and what somebody types for it: nothing, or values that its specification lets pass.
#[derive(Clone, Debug)]
struct Case {
    spec: ArgumentSpec,
    typed: Option<TypedValues>,
}

fn value_type() -> impl Strategy<Value = ValueType> {
    prop_oneof![
        Just(ValueType::Text),
        (any::<Option<i64>>(), any::<Option<i64>>()).prop_map(|(a, b)| {
            let (min, max) = if a > b && b.is_some() { (b, a) } else { (a, b) };
            ValueType::Integer { min, max }
        }),
        Just(ValueType::Number),
        proptest::collection::btree_set("[a-zA-Z0-9_.+:/@-]{1,8}", 1..5)
            .prop_map(|words| ValueType::Choice(words.into_iter().collect())),
    ]
}

/// A text that passes as a value of this type.
fn text_of(kind: &ValueType) -> BoxedStrategy<String> {
    match kind {
        ValueType::Text | ValueType::Path(_) => any::<String>().boxed(),
        ValueType::Integer { min, max } => (min.unwrap_or(i64::MIN)..=max.unwrap_or(i64::MAX))
            .prop_map(|number| number.to_string())
            .boxed(),
        ValueType::Number => {
            proptest::num::f64::NORMAL.prop_map(|number| number.to_string()).boxed()
        }
        ValueType::Choice(words) => select(words.clone()).boxed(),
    }
}

/// An option or a flag; the number makes its name one of its own.
fn case(number: usize) -> impl Strategy<Value = Case> {
    let flag = (any::<bool>(), any::<Option<bool>>()).prop_map(move |(has_key, typed)| {
        let mut spec = spec(&format!("flag-{number}"), Shape::Flag);
        spec.configuration_key = has_key.then(|| format!("flag{number}"));
        // Without a key there is no way to say no.
        let typed = typed.filter(|on| *on || has_key).map(TypedValues::Flag);
        Case { spec, typed }
    });
    let option = (value_type(), any::<bool>(), any::<bool>()).prop_flat_map(
        move |(kind, repeated, required)| {
            let count = match (required, repeated) {
                (true, true) => 1..4,
                (true, false) => 1..2,
                (false, true) => 0..4,
                (false, false) => 0..2,
            };
            vec(text_of(&kind), count).prop_map(move |texts| {
                let value = ValueSpec {
                    kind: kind.clone(),
                    required,
                    repeated,
                    default: None,
                    placeholder: None,
                };
                let spec = spec(&format!("option-{number}"), Shape::Option(value));
                let typed = (!texts.is_empty()).then_some(TypedValues::Texts(texts));
                Case { spec, typed }
            })
        },
    );
    prop_oneof![flag, option]
}

/// Positional arguments: required ones, then one that takes the rest.
fn positionals() -> impl Strategy<Value = Vec<Case>> {
    let first = vec(any::<String>(), 0..3);
    (first, vec(any::<String>(), 0..4)).prop_map(|(first, rest)| {
        let required = ValueSpec { required: true, ..value(ValueType::Text) };
        let repeated = ValueSpec { repeated: true, ..value(ValueType::Text) };
        let mut cases: Vec<Case> = first
            .into_iter()
            .enumerate()
            .map(|(number, text)| Case {
                spec: spec(&format!("place-{number}"), Shape::Positional(required.clone())),
                typed: Some(TypedValues::Texts(vec![text])),
            })
            .collect();
        cases.push(Case {
            spec: spec("rest", Shape::Positional(repeated)),
            typed: (!rest.is_empty()).then_some(TypedValues::Texts(rest)),
        });
        cases
    })
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let options = vec(any::<()>(), 0..6)
        .prop_flat_map(|numbers| (0..numbers.len()).map(case).collect::<Vec<_>>());
    (options, positionals()).prop_map(|(options, places)| [options, places].concat())
}

/// The words that somebody types to say so; the values of options as words of their own, or not.
fn rendered(cases: &[Case], joined: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut places = vec!["--".to_owned()];
    for Case { spec, typed } in cases {
        match (typed, &spec.shape) {
            (None, _) => {}
            (Some(TypedValues::Flag(true)), _) => words.push(format!("--{}", spec.name)),
            (Some(TypedValues::Flag(false)), _) => words.push(format!("--no-{}", spec.name)),
            (Some(TypedValues::Texts(texts)), Shape::Positional(_)) => {
                places.extend_from_slice(texts)
            }
            (Some(TypedValues::Texts(texts)), _) => {
                for text in texts {
                    // A word of its own that looks like an option would be one.
                    if joined || text.starts_with('-') {
                        words.push(format!("--{}={text}", spec.name));
                    } else {
                        words.extend([format!("--{}", spec.name), text.clone()]);
                    }
                }
            }
        }
    }
    [words, places].concat()
}

proptest! {
    #[test]
    fn what_is_written_out_is_read_back(cases in cases(), joined: bool) {
        let manifest = manifest(cases.iter().map(|case| case.spec.clone()).collect());
        let words = rendered(&cases, joined);
        let typed = match parse(&manifest, &words) {
            Ok(typed) => typed,
            Err(error) => return Err(TestCaseError::fail(format!("{words:?}: {error}"))),
        };
        let meant: Typed = cases.into_iter().map(|case| case.typed).collect();
        prop_assert_eq!(typed, meant, "{:?}", words);
    }

    #[test]
    fn whatever_is_typed_is_understood_or_refused(
        cases in cases(),
        words in vec(prop_oneof![
            any::<String>(),
            "--?[a-z-]{0,10}(=.{0,3})?",
            select(vec!["--", "-", "--help", "--version", "--option-0", "--no-flag-0", "--flag-0"]).prop_map(ToOwned::to_owned),
        ], 0..8),
    ) {
        let manifest = manifest(cases.iter().map(|case| case.spec.clone()).collect());
        // Neither of these panics, and what is understood fits the manifest.
        match parse(&manifest, &words) {
            Err(error) => prop_assert!(!error.render().to_string().is_empty()),
            Ok(typed) => {
                prop_assert_eq!(typed.len(), manifest.arguments.len());
                for (spec, typed) in manifest.arguments.iter().zip(typed) {
                    let Some(value) = spec.value() else { continue };
                    let Some(TypedValues::Texts(texts)) = typed else {
                        prop_assert!(!value.required, "{} is missing", &spec.name);
                        continue;
                    };
                    prop_assert!(value.repeated || texts.len() == 1);
                    for text in texts {
                        prop_assert!(value::parse(&value.kind, &text).is_ok(), "{}: {text}", &spec.name);
                    }
                }
            }
        }
    }
}
