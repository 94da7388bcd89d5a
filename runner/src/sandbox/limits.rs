//! Ceilings: every one is finite.

use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::ResourceLimiter;

/// What a guest may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Wall time of one attempt, from the making of the instance.
    pub(crate) time: Duration,
    /// Bytes of all linear memories and tables together.
    pub(crate) memory: u64,
    /// Bytes to standard output, standard error and the log together.
    pub(crate) output: u64,
    /// Open files, directories, streams and other handles at one time.
    pub(crate) handles: u32,
    /// Bytes written to files.
    pub(crate) disk: u64,
    /// Files, directories and links created.
    pub(crate) files: u64,
    /// Bytes of the audit, for all attempts together.
    pub(crate) records: u64,
}

impl Default for Limits {
    /// Ten minutes, 1 GiB, 64 MiB, 1,024 handles, 4 GiB of disk, 100,000 files, 1 GiB of records: room for any honest command on a laptop.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            memory: 1024 * 1024 * 1024,
            output: 64 * 1024 * 1024,
            handles: 1024,
            disk: 4 * 1024 * 1024 * 1024,
            files: 100_000,
            records: 1024 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// For people, one after the other.
    pub(crate) fn display(&self) -> impl Iterator<Item = String> {
        let Self { time, memory, output, handles, disk, files, records } = *self;
        [
            format!("time {}", humantime::format_duration(time)),
            format!("memory {}", ByteSize(memory)),
            format!("output {}", ByteSize(output)),
            format!("handles {handles}"),
            format!("disk {}", ByteSize(disk)),
            format!("files {files}"),
            format!("records {}", ByteSize(records)),
        ]
        .into_iter()
    }

    /// For programs: milliseconds, bytes, counts.
    pub(crate) fn json(&self) -> serde_json::Value {
        let Self { time, memory, output, handles, disk, files, records } = *self;
        serde_json::json!({
            "time-ms": u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            "memory": memory,
            "output": output,
            "handles": handles,
            "disk": disk,
            "files": files,
            "records": records,
        })
    }

    /// For `describe`, which only gives back data; the contract promises these.
    pub(super) fn for_describe() -> Self {
        Self {
            time: Duration::from_secs(2),
            memory: 64 * 1024 * 1024,
            output: 0,
            handles: 64,
            disk: 0,
            files: 0,
            records: 0,
        }
    }
}

/// The most bytes that one call of the host's may take out of a guest at a time: a manifest, a write,
/// a line of the log.
pub(super) const HOSTCALL_BYTES: usize = 16 * 1024 * 1024;

/// The same for `describe`, as the contract has it.
pub(super) const MANIFEST_BYTES: usize = 1024 * 1024;

/// What the host's side of a worker takes besides what the guest may use: memory (the listings of
/// directories above all), and open files (its pipe, streams, the runtime's own).
pub(super) const MEMORY_OF_HOST: u64 = 2 * 1024 * 1024 * 1024;
pub(super) const HANDLES_OF_HOST: u64 = 256;

/// The contract's bound on a text of a guest's in the log or in a failure, in bytes.
const TEXT_BYTES: usize = 16 * 1024;

/// Cuts a text to what the contract keeps of it, at the boundary of a character.
pub(super) fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(TEXT_BYTES));
}

/// What one entry of a table costs the host, in bytes.
const TABLE_ENTRY: u64 = 16;

/// Sums up what a guest's memories and tables have grown to. Growth beyond the limit is refused in the
/// way that the guest can handle; that it happened is remembered, to explain a crash that follows.
#[derive(Debug)]
pub(super) struct MemoryMeter {
    limit: u64,
    used: u64,
    pub(super) refused: bool,
}

impl MemoryMeter {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: 0, refused: false }
    }

    fn grow(&mut self, current: usize, desired: usize, unit: u64) -> bool {
        let growth = (desired.saturating_sub(current) as u64).saturating_mul(unit);
        let used = self.used.saturating_add(growth);
        let fits = used <= self.limit;
        if fits {
            self.used = used;
        } else {
            self.refused = true;
        }
        fits
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // What the memory itself does not allow is no matter of ours.
        Ok(maximum.is_none_or(|maximum| desired <= maximum) && self.grow(current, desired, 1))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum)
            && self.grow(current, desired, TABLE_ENTRY))
    }

    fn instances(&self) -> usize {
        1_000
    }

    fn tables(&self) -> usize {
        1_000
    }

    fn memories(&self) -> usize {
        100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_up() {
        let mut meter = MemoryMeter::new(100);
        assert!(meter.memory_growing(0, 60, None).expect("no error"));
        assert!(meter.memory_growing(0, 40, None).expect("no error"));
        assert!(!meter.refused);
        assert!(!meter.memory_growing(40, 41, None).expect("no error"));
        assert!(!meter.table_growing(0, 1, None).expect("no error"));
        assert!(meter.refused);
    }
}
