use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::permission::files::FilePattern;
use crate::permission::{Effect, Paths, Source};

fn rule(root: &Path, access: Access, text: &str) -> FileRule {
    let paths = Paths::new(root, root, None).expect("it is there");
    let pattern = FilePattern::parse(text, root, &paths).expect("a pattern");
    FileRule::new(access, pattern, text, Effect::Deny, Source::Flag)
}

fn directory() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a directory");
    let path = dunce::canonicalize(root.path()).expect("it is there");
    (root, path)
}

fn target(rule: Option<&FileRule>) -> Option<&str> {
    rule.map(|rule| &*rule.target)
}

const ACCESSES: [Access; 2] = [Access::Read, Access::Write];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// What is found by an index is what looking at each rule gives.
    #[test]
    fn rules_are_the_same_one_by_one_and_together(
        texts in prop::collection::vec(("[ab]{1,2}(/[ab*?]{1,2}){0,2}(/\\*\\*)?", 0..2_usize), 0..12),
        asked in "[ab]{1,2}(/[ab]{1,2}){0,3}",
    ) {
        let (_kept, root) = directory();
        let all: Vec<FileRule> =
            texts.iter().map(|(text, access)| rule(&root, ACCESSES[*access], text)).collect();
        let mut rules = FileRules::default();
        all.iter().for_each(|rule| rules.push(rule.clone()).expect("there is room"));
        let path = root.join(asked);
        for access in ACCESSES {
            let one = all.iter().find(|it| it.access >= access && it.pattern.covers(&path));
            prop_assert_eq!(target(rules.granting(&path, access)), target(one));
            let one =
                all.iter().find(|it| it.access <= access && it.pattern.covers_or_is_above(&path));
            prop_assert_eq!(target(rules.denying(&path, access)), target(one));
        }
        let leads = |it: &&FileRule| {
            it.pattern.covers(&path) || it.pattern.is_glob() && path.starts_with(it.pattern.base())
        };
        prop_assert_eq!(target(rules.leading(&path)), target(all.iter().find(leads)));
        let reaches = |it: &&FileRule| {
            it.pattern.base().starts_with(&path) || path.starts_with(it.pattern.base())
        };
        let reached = rules.reaching_into(&path, &ACCESSES);
        prop_assert_eq!(reached.is_some(), all.iter().any(|it| reaches(&it)));
        let plain = |it: &FileRule| !it.pattern.is_glob() && it.pattern.covers(&path);
        prop_assert_eq!(rules.hold_plainly(&path), all.iter().any(plain));
        let gives_all = |it: &FileRule| {
            let is_whole = it.pattern.glob().is_none_or(|glob| glob.is_whole());
            it.access == Access::Write && is_whole && it.pattern.covers(&path)
        };
        prop_assert_eq!(rules.give_all_below(&path), all.iter().any(gives_all));
    }
}

#[test]
fn a_path_is_the_same_however_it_is_written() {
    let (_kept, root) = directory();
    let mut rules = FileRules::default();
    rules.push(rule(&root, Access::Read, "a/b")).expect("there is room");
    for text in ["a/b", "a/./b", "a//b/", "a/b/.", "a/b//c"] {
        assert!(rules.denying(&root.join(text), Access::Read).is_some(), "{text}");
    }
    assert!(rules.denying(&root.join("a/bc"), Access::Read).is_none());
    let mut of_all = FileRules::default();
    of_all.push(rule(&root, Access::Read, "/")).expect("there is room");
    assert!(of_all.denying(&root, Access::Write).is_some());
    assert!(of_all.denying(Path::new("/"), Access::Read).is_some());
}

/// The least time of several rounds of questions about paths that no rule is about.
fn time(rules: &FileRules, root: &Path) -> Duration {
    let paths: Vec<PathBuf> = (0..200).map(|n| root.join(format!("target/debug/d{n}/f"))).collect();
    let round = || {
        let begun = Instant::now();
        for path in &paths {
            assert!(rules.denying(path, Access::Write).is_none());
            assert!(rules.reaching_into(path, &ACCESSES).is_none());
        }
        begun.elapsed()
    };
    (0..20).map(|_| round()).min().unwrap_or_default()
}

#[test]
fn ten_thousand_denials_cost_a_path_no_more_than_a_hundred() {
    let (_kept, root) = directory();
    let of = |count: usize| {
        let mut rules = FileRules::default();
        for n in 0..count {
            let text = format!("d{}/n{n}", n % 100);
            rules.push(rule(&root, ACCESSES[n % 2], &text)).expect("there is room");
        }
        time(&rules, &root)
    };
    let (few, many) = (of(100), of(10_000));
    assert!(many < few * 4, "{few:?} for a hundred, {many:?} for ten thousand");
}

#[test]
fn globs_have_a_bound_together() {
    let (_kept, root) = directory();
    let mut rules = FileRules::default();
    let refused = (0..10_000).find_map(|n| {
        rules.push(rule(&root, Access::Read, &format!("q{n}*"))).err().map(|error| (n, error))
    });
    let (n, error) = refused.expect("there is an end to it");
    assert!((500..1000).contains(&n), "{n}");
    assert!(error.to_string().contains(&format!("`q{n}*`")), "{error}");
    // What there is room for costs no more than this, whatever the globs and the names are.
    let mut rules = FileRules::default();
    for n in 0..20 {
        let glob = format!("**/*{}{}b", if n % 2 == 0 { "a" } else { "b" }, "?".repeat(60));
        rules.push(rule(&root, Access::Read, &glob)).expect("there is room");
    }
    let name = "abbabaabbaababbabaababba".repeat(5);
    let path = root.join(&name).join(&name[1..]);
    let begun = Instant::now();
    for _ in 0..100 {
        std::hint::black_box(rules.denying(&path, Access::Read));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
