//! What it costs to cross the boundary between runner and guest: for each call, and for each byte.

use std::fs::File;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use taskrunner::benching::Boundary;

const KIB: usize = 1024;

/// The numbers of the contract's levels of a log.
const TRACE: u8 = 0;
const WARN: u8 = 3;

fn boundary() -> Boundary {
    let component = wat::parse_str(include_str!("boundary.wat")).expect("it is well-formed");
    let nowhere = File::create(if cfg!(windows) { "NUL" } else { "/dev/null" }).expect("it opens");
    Boundary::new(&component, nowhere).expect("an instance")
}

/// From the runner into a guest, and back.
fn calls(criterion: &mut Criterion) {
    let mut guest = boundary();
    let mut group = criterion.benchmark_group("call");
    group.bench_function("empty", |bencher| {
        bencher.iter_custom(|times| called(guest.call::<_, ()>("empty", times, ())));
    });
    for length in [16, KIB, 64 * KIB] {
        let text = "x".repeat(length);
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_with_input(BenchmarkId::new("string in", length), &*text, |bencher, text| {
            bencher.iter_custom(|times| called(guest.call::<_, ()>("text", times, (text,))));
        });
        group.bench_with_input(BenchmarkId::new("bytes in", length), &*text, |bencher, text| {
            let bytes = text.as_bytes();
            bencher.iter_custom(|times| called(guest.call::<_, ()>("bytes", times, (bytes,))));
        });
        group.bench_with_input(
            BenchmarkId::new("bytes out", length),
            &length,
            |bencher, &length| {
                let length = length as u32;
                bencher.iter_custom(|times| {
                    called(guest.call::<_, (Vec<u8>,)>("give", times, (length,)))
                });
            },
        );
    }
    for count in [1, 16, 256] {
        let records: Vec<(String, String)> =
            (0..count).map(|at| (format!("name-{at}"), "a value of some length".into())).collect();
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::new("records in", count), &*records, |bencher, of| {
            bencher.iter_custom(|times| called(guest.call::<_, ()>("records", times, (of,))));
        });
    }
    group.finish();
}

/// From a guest into the runner: the calls that are made often.
fn host_calls(criterion: &mut Criterion) {
    let mut guest = boundary();
    let mut group = criterion.benchmark_group("host call");
    for (name, level) in [("log, too quiet to be heard", TRACE), ("log", WARN)] {
        group.bench_function(name, |bencher| {
            bencher
                .iter_custom(|times| called(guest.call::<_, ()>("say", 1, (level, many(times)))));
        });
    }
    for (function, sizes) in [("put", &[64, 4 * KIB][..]), ("put-any", &[4 * KIB, 64 * KIB])] {
        for &size in sizes {
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_with_input(BenchmarkId::new(function, size), &size, |bencher, &size| {
                let size = size as u32;
                bencher.iter_custom(|times| {
                    called(guest.call::<_, ()>(function, 1, (size, many(times))))
                });
            });
        }
    }
    group.finish();
}

fn called(took: taskrunner::benching::Result<Duration>) -> Duration {
    black_box(took).expect("the call")
}

fn many(times: u64) -> u32 {
    times.try_into().expect("so often at most")
}

criterion_group!(benches, calls, host_calls);
criterion_main!(benches);
