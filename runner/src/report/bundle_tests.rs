use super::*;

/// A pipe that knows each write apart, and is closed from some number of them on.
#[derive(Clone, Default)]
struct Pipe {
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    closed_from: Option<usize>,
}

impl Pipe {
    fn writes(&self) -> Vec<Vec<u8>> {
        self.writes.lock().expect("whole").clone()
    }

    fn bytes(&self) -> Vec<u8> {
        self.writes().concat()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writes = self.writes.lock().expect("whole");
        if self.closed_from.is_some_and(|from| writes.len() >= from) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        writes.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for what is to come true in a moment.
fn soon(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        thread::yield_now();
    }
}

#[test]
fn what_comes_slowly_or_seldom_goes_out_at_once() {
    for (writes, pause) in [(MANY, Duration::ZERO), (2 * MANY, FAST)] {
        let pipe = Pipe::default();
        let mut bundle = Bundle::new(pipe.clone());
        for written in 1..=writes as usize {
            bundle.write_all(b"name? ").expect("written");
            assert_eq!(pipe.writes().len(), written);
            thread::sleep(pause);
        }
        assert!(!bundle.lock().is_watched, "for that it needs no thread");
    }
}

#[test]
fn what_comes_fast_goes_out_together_in_its_order_and_whole() {
    let pipe = Pipe::default();
    let mut bundle = Bundle::new(pipe.clone());
    let piece = |at: u32| at.to_le_bytes().repeat(1024);
    (0..4096).for_each(|at| bundle.write_all(&piece(at)).expect("written"));
    bundle.flush().expect("written");
    assert!(pipe.bytes() == (0..4096).flat_map(piece).collect::<Vec<_>>());
    let writes = pipe.writes();
    assert!(writes.iter().all(|write| write.len() <= ROOM));
    assert!(writes.len() < 2048, "{} writes of 4,096", writes.len());
}

#[test]
fn nothing_is_kept_for_long() {
    let pipe = Pipe::default();
    let mut bundle = Bundle::new(pipe.clone());
    let mut written = 0;
    while bundle.lock().kept.is_empty() {
        bundle.write_all(b"x").expect("written");
        written += 1;
    }
    soon("the thread finds it", || pipe.bytes().len() == written);
    soon("the thread ends", || !bundle.lock().is_watched);
}

#[test]
fn what_does_not_fit_stays_in_its_order() {
    let pipe = Pipe::default();
    let mut bundle = Bundle::new(pipe.clone());
    let (small, large) = (vec![b's'; 100], vec![b'l'; ROOM + 1]);
    while bundle.lock().kept.is_empty() {
        bundle.write_all(b"x").expect("written");
    }
    let before = {
        let state = bundle.lock();
        pipe.bytes().len() + state.kept.len()
    };
    for bytes in [&small, &small, &large, &small, &large] {
        bundle.write_all(bytes).expect("written");
    }
    assert!(pipe.bytes()[before..] == [&small[..], &small, &large, &small, &large].concat());
}

#[test]
fn what_is_kept_goes_ahead_of_what_is_written_elsewhere() {
    let pipe = Pipe::default();
    let mut bundle = Bundle::new(pipe.clone());
    for written in 1..1000 {
        bundle.write_all(b"x").expect("written");
        bundle.go_ahead();
        assert_eq!(pipe.bytes().len(), written);
    }
}

#[test]
fn who_writes_next_hears_that_the_reader_has_gone() {
    for next in [|bundle: &mut Bundle<Pipe>| bundle.write_all(b"x"), Bundle::flush] {
        let pipe = Pipe { closed_from: Some(1), ..Pipe::default() };
        let mut bundle = Bundle::new(pipe.clone());
        bundle.write_all(b"x").expect("written");
        bundle.lock().kept.push(b'x');
        bundle.go_ahead();
        let error = next(&mut bundle).expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(pipe.bytes(), b"x");
    }
}
