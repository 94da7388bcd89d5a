#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| taskrunner::fuzzing::lock(bytes));
