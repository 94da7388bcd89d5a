use std::path::Path;

use globset::GlobBuilder;
use proptest::prelude::*;

use super::*;

/// What globset says itself.
fn by_globset(text: &str) -> globset::GlobMatcher {
    let mut builder = GlobBuilder::new(text);
    let glob = builder.literal_separator(true).backslash_escape(true).build().expect("a glob");
    glob.compile_matcher()
}

fn covers_or_is_above(glob: &globset::GlobMatcher, path: &str) -> bool {
    Path::new(path).ancestors().any(|above| glob.is_match(above))
}

#[test]
fn a_glob_means_what_globset_says() {
    let globs = [
        "*",
        "**",
        "**/*",
        "*.rs",
        "a*",
        "a**b",
        "***",
        "a/**",
        "a/**/b",
        "**/.env",
        "**/*.key",
        "**/a/**",
        "?",
        "??",
        "a?c",
        "[abc]",
        "[!a]*",
        "[a-c]x",
        "[]x]",
        "{a,b}",
        "{a,b/c}/d",
        "{a,{b,c}x}*",
        "{*,a}/x",
        "{a,}",
        "\\*",
        "a\\?b",
        "α*",
        "[α-ω]*",
        "*/x/*.key",
        "**/**/x",
        "{**/a,b}",
        "*{/,b}*",
        "a/*/**/b?",
    ];
    let paths = [
        "",
        "a",
        "b",
        "x",
        "ab",
        "a/b",
        "a/x",
        "b/c/d",
        "a/d",
        "a.rs",
        "x/a.rs",
        ".env",
        "a/.env",
        "a/b/.env/c",
        "k.key",
        "a/x/k.key",
        "α",
        "αβ/x",
        "*",
        "*x",
        "a?b",
        "axb",
        "]x",
        "ax",
        "bx",
        "cx",
        "a\nb/.env",
        "a/b/c/bx",
        "\u{fffd}",
        "x/x",
        "xx",
    ];
    for text in globs {
        let (own, other) = (Glob::parse(text).expect(text), by_globset(text));
        for path in paths {
            assert_eq!(own.matches(path.as_bytes()), other.is_match(path), "{text:?} {path:?}");
            let above = covers_or_is_above(&other, path);
            assert_eq!(own.matches_above(path.as_bytes()), above, "{text:?} above {path:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_glob_means_what_globset_says(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", "/", "*", "**/", "/**", "?", "[ab]", "[!a]", "{a,b}", "{a/b,*}", "{,b}", "\\*", ".", "é",
            ]),
            1..8,
        ),
        path in "[ab./é*]{0,10}",
    ) {
        let text = parts.concat();
        if let Ok(own) = Glob::parse(&text) {
            let other = by_globset(&text);
            prop_assert_eq!(own.matches(path.as_bytes()), other.is_match(&path), "{} {}", text, path);
        }
    }

    #[test]
    fn the_first_of_many_globs_is_found(
        texts in prop::collection::vec("[ab?*]{1,4}(/[ab*]{1,2})?", 1..40),
        path in "[ab]{1,3}(/[ab]{1,3}){0,2}",
    ) {
        let mut globs = Globs::default();
        for (index, text) in texts.iter().enumerate() {
            globs.push(&Glob::parse(text).expect("a glob"), index);
        }
        let matchers: Vec<_> = texts.iter().map(|text| by_globset(text)).collect();
        let odd = |index: &usize| index % 2 == 1;
        let exactly = matchers.iter().position(|glob| glob.is_match(&path));
        prop_assert_eq!(globs.find(path.as_bytes(), Reach::Exactly, |_| true).copied(), exactly);
        let above = (0..matchers.len()).filter(odd).find(|at| covers_or_is_above(&matchers[*at], &path));
        prop_assert_eq!(globs.find(path.as_bytes(), Reach::OrAbove, odd).copied(), above);
    }
}

#[test]
fn globs_that_nobody_could_look_for_are_refused() {
    let nested = format!("{}a{}", "{".repeat(400), "}".repeat(400));
    let product = "{a,bc}".repeat(40);
    let wide = format!("{{{}}}", ["a/**/b"; 140].join(","));
    for text in [nested, product, wide.repeat(2)] {
        let error = Glob::parse(&text).expect_err("it is too much").to_string();
        assert!(error.contains("alternatives") || error.contains("1,024"), "{error}");
    }
}
