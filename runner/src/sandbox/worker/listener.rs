//! What the runner makes of a worker's frames.

use std::io::{self, PipeReader};

use rustix::io::ioctl_fionbio;
use serde::de::DeserializeOwned;

#[cfg(target_os = "linux")]
use super::LARGE_PIPE;
use super::frame::{Frame, Frames};
use super::{Left, PIPE, Stop};
use crate::sandbox::wall::WallReport;

/// Listens to one worker.
pub(super) struct Listener<'a, N> {
    frames: Frames,
    /// Who hears of what stands of the wall; nobody, once that was said.
    walled: Option<&'a mut dyn FnMut(&WallReport)>,
    /// Whether nothing may be done without the wall.
    required: bool,
    notes: &'a mut dyn FnMut(Vec<N>) -> Result<(), Stop>,
    heard: usize,
}

/// How often it is read at most what a worker has left behind: more than the pipe can hold.
const MOST_READS: usize = 64;

/// After so many notes, more are expected.
const MANY: usize = 100;

/// Makes room for many notes. Where the system gives none, the worker waits now and then.
pub(super) fn enlarge(pipe: &PipeReader) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, LARGE_PIPE);
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

impl<'a, N: DeserializeOwned> Listener<'a, N> {
    pub(super) fn new(
        walled: &'a mut dyn FnMut(&WallReport),
        required: bool,
        notes: &'a mut dyn FnMut(Vec<N>) -> Result<(), Stop>,
    ) -> Self {
        Self { frames: Frames::default(), walled: Some(walled), required, notes, heard: 0 }
    }

    /// Takes in what has arrived. With the last frame it has the result.
    pub(super) fn hear<T: DeserializeOwned>(&mut self, bytes: &[u8]) -> Result<Option<T>, Left> {
        self.frames.push(bytes);
        let mut notes = Vec::new();
        let result = self.take(&mut notes);
        // What was noted before the end, or before what cannot be understood, counts.
        if !notes.is_empty() {
            self.heard += notes.len();
            (self.notes)(notes).map_err(Left::Stopped)?;
        }
        result
    }

    /// Whether the worker has so much to tell that it would be a waste to wake up for each word of it.
    pub(super) fn hears_much(&self) -> bool {
        self.heard > MANY
    }

    fn take<T: DeserializeOwned>(&mut self, notes: &mut Vec<N>) -> Result<Option<T>, Left> {
        while let Some(frame) = self.frames.next().map_err(Left::Failed)? {
            match frame {
                // Only what comes before the work is the wall's own word.
                Frame::Walled(report) => {
                    let Some(walled) = self.walled.take() else {
                        return Err(Left::Failed("it raised a second wall".to_owned()));
                    };
                    walled(&report);
                    if let Some(gaps) = report.gaps().filter(|_| self.required) {
                        return Err(Left::Stopped(Stop::Unwalled(gaps)));
                    }
                }
                Frame::Note(note) => notes.push(note),
                Frame::Done(result) => return Ok(Some(result)),
            }
        }
        Ok(None)
    }

    /// Takes in the notes that a worker has left behind which has ended, or was ended: what it did is on
    /// record, also where the runner waited no longer. A result would come too late.
    pub(super) fn hear_out<T: DeserializeOwned>(&mut self, mut pipe: &PipeReader) {
        // Where the worker could have left a process behind, that one is not waited for.
        if ioctl_fionbio(pipe, true).is_err() {
            return;
        }
        let mut buffer = vec![0; PIPE];
        // Such a process does not keep this one busy, either.
        for _ in 0..MOST_READS {
            match io::Read::read(&mut pipe, &mut buffer) {
                // What cannot be recorded any more does not keep what follows from being tried.
                Ok(read) if read > 0 => match self.hear::<T>(&buffer[..read]) {
                    Ok(None) | Err(Left::Stopped(_)) => {}
                    Ok(Some(_)) | Err(_) => return,
                },
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::sandbox::worker::frame;

    /// The bytes of frames, as a worker sends them.
    fn sent(frames: &[Frame<u8, u32>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame::write(&mut bytes, frame).expect("written"));
        bytes
    }

    fn listen<T>(hear: impl FnOnce(&mut Listener<'_, u32>) -> T) -> (T, Vec<Vec<u32>>) {
        let mut heard = Vec::new();
        let (mut walled, mut notes) = (
            |_: &WallReport| {},
            |notes| {
                heard.push(notes);
                Ok(())
            },
        );
        let result = hear(&mut Listener::new(&mut walled, false, &mut notes));
        (result, heard)
    }

    #[test]
    fn what_arrives_together_is_heard_together_and_in_order() {
        let bytes = sent(&[Frame::Note(1), Frame::Note(2), Frame::Note(3), Frame::Done(7)]);
        let (result, heard) = listen(|listener| listener.hear::<u8>(&bytes));
        assert!(matches!(result, Ok(Some(7))), "{result:?}");
        assert_eq!(heard, [vec![1, 2, 3]]);
        // However it is cut.
        for cut in 1..bytes.len() {
            let (result, heard) = listen(|listener| {
                let (first, second) = bytes.split_at(cut);
                let first = listener.hear::<u8>(first);
                assert!(matches!(first, Ok(None)), "{first:?}");
                listener.hear::<u8>(second)
            });
            assert!(matches!(result, Ok(Some(7))), "{result:?}");
            assert_eq!(heard.concat(), [1, 2, 3], "cut at {cut}");
        }
    }

    #[test]
    fn what_was_noted_before_nonsense_counts() {
        let mut bytes = sent(&[Frame::Note(1), Frame::Note(2)]);
        bytes.extend([1, 0, 0, 0, b'?']);
        let (result, heard) = listen(|listener| listener.hear::<u8>(&bytes));
        assert!(matches!(result, Err(Left::Failed(_))), "{result:?}");
        assert_eq!(heard, [vec![1, 2]]);
    }

    #[test]
    fn what_a_worker_leaves_behind_is_heard_and_nobody_waited_for() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let notes: Vec<_> = (0..1000).map(Frame::Note).collect();
        writer.write_all(&sent(&notes)).expect("there is room");
        // The other end is still open.
        let ((), heard) = listen(|listener| listener.hear_out::<u8>(&reader));
        assert_eq!(heard.concat(), (0..1000).collect::<Vec<_>>());
        drop(writer);
    }
}
