//! The stages of a warm start, of the command that greets. What comes before in a process (configuration,
//! discovery) and what a process is (fork, walls) is for `cargo xtask bench`, which measures it whole.

use criterion::{Criterion, criterion_group, criterion_main};
use taskrunner::benching::Start;

const HELLO: &[u8] = include_bytes!("../../tests/fixtures/prebuilt/hello.wasm");

fn stages(criterion: &mut Criterion) {
    let start = Start::new(HELLO).expect("it compiles");
    let mut group = criterion.benchmark_group("start");
    group.bench_function("engine", |bencher| bencher.iter_with_large_drop(|| start.engine()));
    group.bench_function("open", |bencher| bencher.iter_with_large_drop(|| start.open()));
    group.bench_function("load", |bencher| bencher.iter_with_large_drop(|| start.load()));
    group.bench_function("runtime", |bencher| bencher.iter_with_large_drop(|| start.runtime()));
    group.bench_function("store", |bencher| bencher.iter_with_large_drop(|| start.store()));
    group.bench_function("store, instance", |bencher| bencher.iter(|| start.instance()));
    group.bench_function("store, instance, run", |bencher| bencher.iter(|| start.run()));
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
