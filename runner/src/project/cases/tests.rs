use super::*;

fn cases(text: &str) -> Result<Cases, DocumentError> {
    Cases::of(Document::of_yaml(Path::new("cases.yaml"), text.to_owned())?)
}

#[test]
fn what_is_left_out_is_nothing() {
    let cases = cases("cases: [{name: a}]").expect("a case");
    let case = cases.iter().next().expect("one");
    assert!(case.arguments.is_empty() && case.files.is_empty() && case.configuration.is_empty());
    assert_eq!(case.stdin.bytes(), b"");
    assert_eq!(case.timeout, TIMEOUT);
    assert!(case.expect.exit_code.contain(0) && !case.expect.exit_code.contain(1));
    assert!(case.expect.stdout.is_none());
}

#[test]
fn contents_are_bytes() {
    let text = r#"cases: [{name: a, files: {t: "a\n", b: {base64: AP8=}, r: {text: ab, repeat: 3}, n: {text: ab, repeat: 0}, l: {link: t}}}]"#;
    let cases = cases(text).expect("a case");
    let files = &cases.iter().next().expect("one").files;
    let bytes = |name: &str| match &files[&CasePath::try_from(name.to_owned()).expect("a path")] {
        File::Content(content) => content.bytes(),
        File::Link(to) => to.as_str().as_bytes().to_vec(),
    };
    assert_eq!(bytes("t"), b"a\n");
    assert_eq!(bytes("b"), b"\0\xff");
    assert_eq!(bytes("r"), b"ababab");
    assert_eq!(bytes("n"), b"");
    assert_eq!(bytes("l"), b"t");
}

#[test]
fn the_files_of_a_case_are_bounded_together() {
    let file = |name: &str| format!("{name}: {{text: '{}', repeat: 40000}}", "x".repeat(1000));
    let text = format!("cases: [{{name: a, files: {{{}}}}}]", file("a"));
    assert!(cases(&text).is_ok());
    let text = format!("cases: [{{name: a, files: {{{}, {}}}}}]", file("a"), file("b"));
    let error = cases(&text).expect_err("too much").to_string();
    assert!(error.contains("the files of a case are more than 64 MiB"), "{error}");
}

#[test]
fn no_path_leaves_the_workspace() {
    for good in ["", ".", "a", "a/b", "./a", "żółw", ".hidden", "a..b", "src/**/*.md"] {
        assert!(CasePath::try_from(good.to_owned()).is_ok(), "{good}");
    }
    for bad in ["/", "/a", "..", "a/..", "../a", "a\\b", "~", "~/a", "a\0"] {
        assert!(CasePath::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn variables_by_which_a_program_is_led_astray_are_not_free() {
    for free in ["GREETING", "TASKRUNNER_COUNT_BY", "LDAP", "NO_COLOR", "LANG"] {
        assert!(is_free(free), "{free}");
    }
    for taken in
        ["", "A=B", "HOME", "Path", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "XDG_CACHE_HOME"]
    {
        assert!(!is_free(taken), "{taken}");
    }
}
