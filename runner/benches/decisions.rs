//! What it costs to decide on a path, which happens at each operation on a file.

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use taskrunner::benching::Rules;

fn decisions(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let root = dunce::canonicalize(directory.path()).expect("it is there");
    for below in ["out", "src"] {
        fs::create_dir(root.join(below)).expect("made");
    }
    let rules = Rules::new(&root).expect("a decision");
    let mut group = criterion.benchmark_group("decision");
    for (name, path, is_read) in [
        ("by a directory", "out/deep/below/file.txt", true),
        ("by a glob", "src/deep/below/main.rs", true),
        ("against a denial", "out/secret/key", false),
        ("against no grant", "src/deep/below/main.c", false),
    ] {
        let path = root.join(path);
        assert_eq!(rules.may_read(&path), is_read, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| rules.may_read(black_box(&path))));
    }
    let path = root.join("out/deep/below/file.txt");
    group.bench_function("to write", |bencher| bencher.iter(|| rules.may_write(black_box(&path))));
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
