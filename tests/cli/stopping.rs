//! Nothing hangs: signals, a reader that goes away and the end of the runner itself end a command at
//! once, whatever it is doing.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::kernel::{children, runs, signal, until, worker};
use crate::harness::{Call, Ended, Input, Project, guests};

/// How long an end may take: 200 ms are promised, and the rest is for a machine that is busy.
const AT_ONCE: Duration = Duration::from_secs(3);

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

/// Guests that block, each in a way of its own; they are compiled and known.
fn project() -> Project {
    let blocking = [guests::SPIN, guests::SLEEP, guests::CAT, guests::FILES, guests::FLOOD];
    let project = blocking.into_iter().fold(Project::new(), Project::guest);
    let made = std::process::Command::new("mkfifo").arg(project.path("fifo")).status();
    assert!(made.expect("mkfifo runs").success());
    project.call(["list"]).succeeds();
    project
}

/// The ways to block: in code, asleep, reading nothing, opening a FIFO, writing to nobody.
fn blocked(project: &Project) -> Vec<Call<'_>> {
    vec![
        project.call(["spin"]),
        project.call(["sleep", "600"]),
        project.call(["cat"]).input(Input::Silence),
        project.call(["files", "read", "/fifo", "--allow-read=."]),
        project.call(["flood"]).stalled(),
        project.call(["flood"]).deaf(),
    ]
}

/// Acts on the runner and its worker once the worker is at work, and says how long the end then took.
#[track_caller]
fn ends<'a>(
    call: Call<'a>,
    act: impl FnOnce(u32) + 'a,
    end: impl FnOnce(Call<'a>) -> Ended<'a>,
) -> Ended<'a> {
    let acted = std::rc::Rc::new(Cell::new(None));
    let (acts, guest) = (acted.clone(), std::rc::Rc::new(Cell::new(0)));
    let its = guest.clone();
    let ended = end(call.meanwhile(move |runner| {
        let worker = worker(runner);
        its.set(worker);
        acts.set(Some(Instant::now()));
        act(runner);
    }));
    let took = acted.get().expect("it has acted").elapsed();
    assert!(took < AT_ONCE, "it took {took:?}: {ended}");
    until("its worker is gone", || !runs(guest.get()));
    ended
}

#[test]
fn a_signal_ends_a_command_that_blocks() {
    let project = project();
    for (sent, code) in SIGNALS {
        for call in blocked(&project) {
            ends(call, |runner| signal(runner, sent), |call| call.exits(code));
        }
    }
}

#[test]
fn an_end_by_a_signal_is_told() {
    let project = project();
    let interrupt = |runner| signal(runner, Signal::INT);
    ends(project.call(["spin"]), interrupt, |call| call.exits(130))
        .reports("  × spin: ended by SIGINT\n");
    let ended = ends(project.call(["spin", "--format=json"]), interrupt, |call| call.exits(130));
    assert_eq!(ended.json_lines()[0]["error"]["outcome"], "interrupted");
    assert_eq!(ended.json_lines()[0]["error"]["exit-code"], 130);
}

#[test]
fn a_signal_that_is_ignored_stays_so() {
    let project = project();
    let call = project.call(["sleep", "1"]).ignoring_hangups();
    call.meanwhile(|runner| {
        worker(runner);
        signal(runner, Signal::HUP);
    })
    .succeeds();
}

#[test]
fn a_signal_ends_the_wait_between_attempts() {
    let project = Project::new().guest(guests::FLAKY);
    project.call(["list"]).succeeds();
    for (sent, code) in SIGNALS {
        let begun = Instant::now();
        project
            .call(["flaky", "9", "--attempts=2", "--backoff-delay=10m", "--backoff-max=10m"])
            .meanwhile(|runner| {
                worker(runner);
                until("the attempt is over", || children(runner).is_empty());
                // It has something to say before it waits.
                std::thread::sleep(Duration::from_millis(100));
                signal(runner, sent);
            })
            .exits(code)
            .reporting("flaky: attempt 1 of 2: not yet; again in");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_signal_ends_describing() {
    let project = Project::new().guest(guests::DESCRIBE_SPINS);
    // Its code is there already, so that the worker is the one that asks it.
    project.call(["list"]).succeeds();
    let remembered = project.beside_path("cache/taskrunner/manifests");
    std::fs::remove_dir_all(remembered).expect("it was there");
    for (sent, code) in SIGNALS {
        let command = ["describe-spins"];
        let ended =
            ends(project.call(command), |runner| signal(runner, sent), |call| call.exits(code));
        ended.prints("");
    }
    project.call(["list"]).succeeds().printing("clean");
}

/// The names of the files below a directory of a cache.
fn compiled(cache: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(cache.join("taskrunner/compiled")).expect("the directory");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect()
}

#[test]
fn a_compilation_that_is_ended_leaves_nothing() {
    let project = Project::new().directory("cache");
    // The embedded `build` is large: compiling it takes long enough to be ended on the way.
    let call = |cache: &Path| project.call(["build", "--help"]).env("XDG_CACHE_HOME", cache);
    for (sent, code) in SIGNALS {
        let cache = project.beside_path(format!("outside/{code}"));
        ends(call(&cache), |runner| signal(runner, sent), |call| call.exits(code)).prints("");
        assert_eq!(compiled(&cache), [""; 0]);
    }
    let cache = project.beside_path("outside/killed");
    ends(call(&cache), |runner| signal(runner, Signal::KILL), Call::dies);
    assert_eq!(compiled(&cache), [""; 0]);
    // The next run compiles, and keeps it.
    call(&cache).succeeds().printing("Usage");
    let kept = compiled(&cache);
    assert!(kept.len() == 1 && kept[0].ends_with(".cwasm"), "{kept:?}");
    call(&cache).succeeds();
    assert_eq!(compiled(&cache), kept);
}

#[test]
fn who_waits_for_a_compilation_at_a_terminal_is_told() {
    let project = Project::new();
    let call = |cache: &str| {
        let cache = project.beside_path("outside").join(cache);
        let call = project.call(["build", "--help"]).env("XDG_CACHE_HOME", cache);
        // With many processors, nobody waits.
        call.env("RAYON_NUM_THREADS", "1")
    };
    let told = "compiling a plugin, which is kept for the next time…\n";
    call("terminal").on_terminal().succeeds().printing(told);
    call("terminal").on_terminal().succeeds().without("compiling");
    // A log is no place for that.
    call("pipe").succeeds().without("compiling");
}

#[test]
fn compiled_code_that_is_broken_is_compiled_again() {
    let project = Project::new().guest(guests::HELLO);
    let cache = project.beside_path("outside/cache");
    let call = || project.call(["hello"]).env("XDG_CACHE_HOME", &cache);
    call().succeeds();
    let kept = compiled(&cache);
    for broken in [&b""[..], b"nothing of use"] {
        let path = cache.join("taskrunner/compiled").join(&kept[0]);
        std::fs::write(&path, broken).expect("it can be written");
        call().succeeds().prints("Hello, world!\n").quietly();
        assert!(std::fs::metadata(&path).expect("it is there").len() > 1000, "it is whole again");
    }
    assert_eq!(compiled(&cache), kept);
}

#[test]
fn a_reader_that_goes_away_ends_a_command_that_writes_nothing() {
    let project = project();
    for call in [
        project.call(["spin"]),
        project.call(["sleep", "600"]),
        project.call(["cat"]).input(Input::Silence),
    ] {
        call.unread().exits(141).quietly().in_time(Duration::from_secs(30));
    }
    // This one can end by itself first: whether its denial was heard of by then is not certain.
    let call = project.call(["files", "read", "/fifo", "--allow-read=."]);
    call.unread().exits(141).in_time(Duration::from_secs(30));
}

#[test]
fn the_worker_does_not_outlive_the_runner() {
    let project = project();
    for call in blocked(&project) {
        ends(call, |runner| signal(runner, Signal::KILL), Call::dies);
    }
}

#[test]
fn a_time_limit_holds_where_nobody_reads_what_is_said_of_it() {
    let project = project();
    for arguments in [vec!["flood"], vec!["flood", "--to=stderr"], vec!["spin"]] {
        project
            .call(arguments)
            .with(["--time-limit=300ms"])
            .deaf()
            .exits(124)
            .in_time(Duration::from_secs(30));
    }
}

#[test]
fn what_showed_progress_is_taken_from_the_terminal() {
    let project = Project::new().guest(guests::STALL);
    project.call(["list"]).succeeds();
    for (limit, code) in [("--time-limit=500ms", 124), ("--time-limit=10m", 130)] {
        let ended = project
            .call(["stall", "--color=never", limit])
            .on_terminal()
            .meanwhile(move |runner| {
                worker(runner);
                // It is not heard what it has shown: by then it has.
                std::thread::sleep(Duration::from_millis(400));
                if code == 130 {
                    signal(runner, Signal::INT);
                }
            })
            .exits(code)
            .printing("stall [");
        let shown = ended.stdout();
        let (_, after) = shown.rsplit_once("\u{1b}[2K").expect("the line was cleared");
        assert!(after.contains("stall: ") && !after.contains("stall ["), "{shown:?}");
    }
}
