//! What is thrown away of the compiled code.
//!
//! It is done where an entry has just been written, which took longer: never where one is only used.
//! Runners may do it at the same time as others read and write: who has a file open keeps it, and who
//! misses one compiles again.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use crate::kept::{self, AGE, Found, UNDER_WAY};
use crate::plugin::Digest;

/// How much compiled code is kept: a hundred small plugins take some 20 MB, a Python interpreter 35.
const SIZE: u64 = 1024 * 1024 * 1024;

/// What the names of entries end in.
pub(super) const EXTENSION: &str = ".cwasm";

/// Removes what was not used for long, then what was not used for longest until the rest is small enough,
/// and what was left behind; never the entry that has just been written.
pub(super) fn prune(code: &Path, seals: &Path, just_written: &Digest) {
    prune_to(code, seals, just_written, SIZE, AGE);
}

fn prune_to(code: &Path, seals: &Path, just_written: &Digest, size: u64, age: Duration) {
    let mut seals: HashMap<Digest, Found> = entries(seals, "").collect();
    let mut kept = Vec::new();
    let mut total = 0;
    for (name, file) in entries(code, EXTENSION) {
        match seals.remove(&name) {
            _ if name == *just_written => total = file.length,
            // The seal is written anew when the code is used, to the day.
            Some(seal) if seal.age < age => kept.push((seal, file)),
            Some(seal) => remove(&seal, &file),
            None if file.age > UNDER_WAY => file.remove(),
            None => {}
        }
    }
    seals.values().filter(|seal| seal.age > UNDER_WAY).for_each(Found::remove);
    kept.sort_by_key(|(seal, _)| seal.age);
    for (seal, file) in &kept {
        total += file.length;
        if total > size {
            remove(seal, file);
        }
    }
}

fn entries(directory: &Path, extension: &str) -> impl Iterator<Item = (Digest, Found)> {
    kept::files(directory).filter_map(move |file| {
        let name = file.name(extension)?.parse().ok()?;
        Some((name, file))
    })
}

/// Removes an entry: without a seal nobody uses what is left if this process ends in between.
fn remove(seal: &Found, file: &Found) {
    seal.remove();
    file.remove();
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::time::SystemTime;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Writes a file so long ago.
    fn write(path: &Path, length: usize, age: Duration) {
        fs::write(path, vec![0; length]).expect("written");
        let file = File::options().write(true).open(path).expect("it opens");
        let times = FileTimes::new().set_modified(SystemTime::now() - age);
        file.set_times(times).expect("it is mine");
    }

    /// The entries, each with its length and the age of its seal; the first has just been written.
    fn left_of(entries: &[(usize, Duration)]) -> Vec<usize> {
        let root = tempfile::tempdir().expect("a directory");
        let [code, seals] = ["code", "seals"].map(|name| root.path().join(name));
        for directory in [&code, &seals] {
            fs::create_dir(directory).expect("a directory");
        }
        let name = |number: usize| Digest::of(&number.to_le_bytes());
        let path = |number: usize| code.join(format!("{}{EXTENSION}", name(number)));
        let seal = |number: usize| seals.join(name(number).to_string());
        for (number, (length, age)) in entries.iter().enumerate() {
            // When an entry was written says nothing of its use.
            write(&path(number), *length, 9 * DAY);
            write(&seal(number), 100, *age);
        }
        prune_to(&code, &seals, &name(0), 1000, 90 * DAY);
        let left: Vec<usize> = (0..entries.len()).filter(|&n| path(n).exists()).collect();
        let sealed: Vec<usize> = (0..entries.len()).filter(|&n| seal(n).exists()).collect();
        assert_eq!(left, sealed);
        left
    }

    #[test]
    fn what_is_not_used_goes_and_then_what_was_used_longest_ago() {
        let none = Duration::ZERO;
        assert_eq!(left_of(&[(400, none), (300, 80 * DAY), (300, DAY)]), [0, 1, 2]);
        assert_eq!(left_of(&[(400, none), (300, 91 * DAY), (300, DAY)]), [0, 2]);
        assert_eq!(left_of(&[(400, none), (300, DAY), (300, 3 * DAY), (300, 2 * DAY)]), [0, 1, 3]);
        // The one that is about to be used stays, however large it is.
        assert_eq!(left_of(&[(5000, none), (1, none)]), [0]);
        assert_eq!(left_of(&[(5000, 91 * DAY)]), [0]);
    }

    #[test]
    fn what_was_left_behind_goes_and_what_is_under_way_stays() {
        let root = tempfile::tempdir().expect("a directory");
        let path = |name: &str| root.path().join(name);
        let lonely = Digest::of(b"lonely");
        let [old, new] = [2 * HOUR, Duration::ZERO];
        write(&path(".new-old"), 1, old);
        write(&path(".tmp-old"), 1, old);
        write(&path(".new-new"), 1, new);
        write(&path("of somebody else's"), 1, old);
        write(&path(&format!("{lonely}{EXTENSION}")), 1, old);
        let unsealed = Digest::of(b"unsealed");
        write(&path(&format!("{unsealed}{EXTENSION}")), 1, new);
        let seals = path("seals");
        fs::create_dir(&seals).expect("a directory");
        write(&seals.join(Digest::of(b"gone").to_string()), 1, old);
        write(&seals.join(Digest::of(b"coming").to_string()), 1, new);
        prune(root.path(), &seals, &Digest::of(b"written"));
        let names = |directory: &Path| {
            let mut names: Vec<String> = fs::read_dir(directory)
                .expect("it is there")
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        let unsealed = format!("{unsealed}{EXTENSION}");
        let mut left = [".new-new", "of somebody else's", "seals", &unsealed];
        left.sort_unstable();
        assert_eq!(names(root.path()), left);
        assert_eq!(names(&seals), [Digest::of(b"coming").to_string()]);
    }
}
