//! Clocks, and waiting for them and for input.

use std::time::{Duration, Instant};

use super::*;

const CLOCK: u8 = 0;
const TO_READ: u8 = 1;
const TO_WRITE: u8 = 2;
const REAL: u32 = 0;
const MONOTONIC: u32 = 1;
const ABSOLUTE: u16 = 1;
const MILLISECOND: u64 = 1_000_000;

/// What is waited for, under a number.
fn of_clock(number: u64, clock: u32, time: u64, flags: u16) -> Vec<u8> {
    let mut wish = vec![0; 48];
    wish[..8].copy_from_slice(&number.to_le_bytes());
    wish[8] = CLOCK;
    wish[16..20].copy_from_slice(&clock.to_le_bytes());
    wish[24..32].copy_from_slice(&time.to_le_bytes());
    wish[40..42].copy_from_slice(&flags.to_le_bytes());
    wish
}

fn of_descriptor(number: u64, kind: u8, fd: u32) -> Vec<u8> {
    let mut wish = vec![0; 48];
    wish[..8].copy_from_slice(&number.to_le_bytes());
    wish[8] = kind;
    wish[16..20].copy_from_slice(&fd.to_le_bytes());
    wish
}

impl World {
    /// The numbers, kinds and flags of what came first.
    fn wait(&mut self, wishes: &[Vec<u8>]) -> Result<Vec<(u64, u8, u8)>, i32> {
        let (at, _) = self.put(PIECES, wishes.concat());
        let arguments = [at, BUFFER.into(), wishes.len() as u64, RESULT.into()];
        match self.call("poll_oneoff", &arguments) {
            0 => Ok((0..self.u32(RESULT))
                .map(|index| {
                    let at = BUFFER + 32 * index;
                    assert_eq!(self.bytes(at + 8, 2), [0, 0]);
                    (self.u64(at), self.bytes(at + 10, 1)[0], self.bytes(at + 24, 1)[0])
                })
                .collect()),
            error => Err(error),
        }
    }

    fn now(&mut self, clock: u32) -> u64 {
        assert_eq!(self.call("clock_time_get", &[clock.into(), 0, RESULT.into()]), 0);
        self.u64(RESULT)
    }
}

#[test]
fn the_time_that_comes_first_is_waited_for() {
    for (clock, flags) in [(MONOTONIC, 0), (REAL, 0), (MONOTONIC, ABSOLUTE), (REAL, ABSOLUTE)] {
        let mut world = World::new();
        let begun = Instant::now();
        let base = if flags == ABSOLUTE { world.now(clock) } else { 0 };
        let soon = of_clock(7, clock, base + 20 * MILLISECOND, flags);
        let late = of_clock(8, clock, base + 60_000 * MILLISECOND, flags);
        assert_eq!(world.wait(&[late, soon]), Ok(vec![(7, CLOCK, 0)]));
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(20) && waited < Duration::from_secs(30));
    }
}

#[test]
fn what_is_there_already_is_not_waited_for() {
    let mut world = World::new();
    let fd = world.open("in/top.txt", 0, READ | WRITE).expect("it opens") as u32;
    let late = of_clock(1, MONOTONIC, u64::MAX, 0);
    let file = of_descriptor(2, TO_READ, fd);
    let output = of_descriptor(3, TO_WRITE, 1);
    let now = of_clock(4, REAL, 1, ABSOLUTE);
    assert_eq!(
        world.wait(&[late.clone(), file.clone(), output, now]),
        Ok(vec![(2, TO_READ, 0), (3, TO_WRITE, 0), (4, CLOCK, 0)])
    );
    // At the end of a file, and of an input that is empty.
    world.read(fd.into(), 100).expect("it can be read");
    let input = of_descriptor(5, TO_READ, 0);
    assert_eq!(world.wait(&[late.clone(), file]), Ok(vec![(2, TO_READ, 1)]));
    assert_eq!(world.wait(&[late, input.clone()]), Ok(vec![(5, TO_READ, 0)]));
    let nothing = of_clock(6, MONOTONIC, 0, 0);
    assert_eq!(world.wait(&[nothing, input]), Ok(vec![(6, CLOCK, 0), (5, TO_READ, 0)]));
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let mut world = World::new();
    assert_eq!(world.wait(&[]), Err(INVAL));
    assert_eq!(world.wait(&[of_clock(1, 2, 0, 0)]), Err(INVAL));
    for (kind, fd) in [(TO_READ, ROOT), (TO_READ, 1), (TO_WRITE, 0), (TO_WRITE, 99)] {
        assert_eq!(world.wait(&[of_descriptor(1, kind, fd)]), Err(BADF));
    }
    for clock in [2, 3] {
        assert_eq!(world.call("clock_time_get", &[clock, 0, RESULT.into()]), BADF);
        assert_eq!(world.call("clock_res_get", &[clock, RESULT.into()]), BADF);
    }
}

#[test]
fn a_wait_can_be_ended_from_outside() {
    let mut world = World::new();
    let (at, _) = world.put(PIECES, of_clock(1, MONOTONIC, u64::MAX, 0));
    let wait = world.instance.get_func(&mut world.store, "poll_oneoff").expect("it is there");
    let arguments = [at as u32, BUFFER, 1, RESULT].map(|argument| Val::I32(argument as i32));
    let mut results = [Val::I32(0)];
    let ended = world.runtime.block_on(async {
        let call = wait.call_async(&mut world.store, &arguments, &mut results);
        tokio::time::timeout(Duration::from_millis(20), call).await
    });
    assert!(ended.is_err());
}
