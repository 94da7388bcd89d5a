//! Puts a filter of system calls together.
//!
//! A filter is a program of the classic Berkeley packet filter that the kernel runs on each call. When it
//! is installed, the kernel also runs it once for each call that there is, to know those that it always
//! allows; so what counts is how many instructions one call takes. A list that is gone through from its
//! beginning takes hundreds (installing one took longer than all the rest of a run), a search tree ten.

use std::collections::BTreeMap;

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, c_long,
};
use seccompiler::sock_filter;

/// What the kernel does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Allow,
    /// It fails with this error.
    Refuse(i32),
    /// The process ends.
    Kill,
}

/// What a call is answered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Always(Answer),
    /// The call is allowed if one of the rules matches. Otherwise it fails with `EPERM`.
    Where(Vec<Rule>),
}

/// Tests of arguments, which must all hold.
pub(super) type Rule = Vec<Test>;

/// What must hold of an argument, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) argument: u32,
    pub(super) holds: Holds,
}

/// Conditions on an argument. All but the last look at its lower half, as the kernel does at handles, flags
/// and commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    OneOf(Vec<u32>),
    /// Of these bits, just those of the value are set.
    Masked {
        mask: u32,
        value: u32,
    },
    AtLeast(u32),
    /// Zero, all of it.
    Null,
}

/// The answers to all calls.
pub(super) struct Program {
    calls: BTreeMap<u32, Check>,
    otherwise: Answer,
}

impl Program {
    /// `otherwise` is the answer to calls that are not set.
    pub(super) fn new(otherwise: Answer) -> Self {
        Self { calls: BTreeMap::new(), otherwise }
    }

    /// Sets the answer to a call, by its number.
    pub(super) fn set(&mut self, call: c_long, check: Check) {
        let number = u32::try_from(call).expect("calls are numbered from 0");
        self.calls.insert(number, check);
    }

    /// The instructions. A call by the table of another architecture ends the process: its numbers mean
    /// something else.
    pub(super) fn compile(&self) -> Vec<sock_filter> {
        let mut program = vec![
            load(ARCHITECTURE_OFFSET),
            jump(BPF_JEQ, ARCHITECTURE, 1, 0),
            answer(Answer::Kill),
            load(NUMBER_OFFSET),
        ];
        program.extend(tree(&self.segments()));
        program
    }

    /// Where the answers change: from which number on, and to what. The first is from 0 on.
    fn segments(&self) -> Vec<(u32, Check)> {
        let otherwise = Check::Always(self.otherwise);
        let mut segments = vec![(0, otherwise.clone())];
        let mut set = |from: u32, check: &Check| match segments.last_mut() {
            Some((_, last)) if last == check => {}
            Some((start, last)) if *start == from => *last = check.clone(),
            _ => segments.push((from, check.clone())),
        };
        for (&number, check) in &self.calls {
            set(number, check);
            if !self.calls.contains_key(&(number + 1)) {
                set(number + 1, &otherwise);
            }
        }
        segments
    }
}

/// Finds the segment that the number, which is loaded, falls into.
fn tree(segments: &[(u32, Check)]) -> Vec<sock_filter> {
    if let [(_, check)] = segments {
        return instructions_of(check);
    }
    let (left, right) = segments.split_at(segments.len() / 2);
    let from = right[0].0;
    let (left, right) = (tree(left), tree(right));
    // A condition jumps over 255 instructions at most.
    let mut tree = match u8::try_from(left.len()) {
        Ok(length) => vec![jump(BPF_JGE, from, length, 0)],
        Err(_) => vec![jump(BPF_JGE, from, 0, 1), jump(BPF_JA, left.len() as u32, 0, 0)],
    };
    tree.extend(left);
    tree.extend(right);
    tree
}

/// Gives the answer.
fn instructions_of(check: &Check) -> Vec<sock_filter> {
    match check {
        Check::Always(always) => vec![answer(*always)],
        Check::Where(rules) => {
            let mut checks: Vec<_> = rules.iter().flat_map(|rule| allow_where(rule)).collect();
            checks.push(answer(Answer::Refuse(libc::EPERM)));
            checks
        }
    }
}

/// Allows the call if the tests hold; goes on behind the rule if one does not.
fn allow_where(rule: &[Test]) -> Vec<sock_filter> {
    let mut checks = vec![answer(Answer::Allow)];
    for test in rule.iter().rev() {
        let mut earlier = check_of(test, checks.len());
        earlier.append(&mut checks);
        checks = earlier;
    }
    checks
}

/// Goes on behind the test if it holds; else jumps over the `rest` of its rule.
fn check_of(test: &Test, rest: usize) -> Vec<sock_filter> {
    let short = |length: usize| u8::try_from(length).expect("a rule has few tests, of few values");
    let (low, high) = (low_half(test.argument), low_half(test.argument) + 4);
    let fails = short(rest);
    match &test.holds {
        Holds::OneOf(values) => {
            let mut checks = vec![load(low)];
            for (at, value) in values.iter().enumerate() {
                let left = values.len() - at - 1;
                checks.push(jump(BPF_JEQ, *value, short(left), if left == 0 { fails } else { 0 }));
            }
            checks
        }
        Holds::Masked { mask, value } => {
            let and = instruction(BPF_ALU | BPF_AND | BPF_K, *mask, 0, 0);
            vec![load(low), and, jump(BPF_JEQ, *value, 0, fails)]
        }
        Holds::AtLeast(least) => vec![load(low), jump(BPF_JGE, *least, 0, fails)],
        Holds::Null => {
            let low_is_null = jump(BPF_JEQ, 0, 0, short(rest + 2));
            vec![load(low), low_is_null, load(high), jump(BPF_JEQ, 0, 0, fails)]
        }
    }
}

/// The table of calls that the numbers are of (`linux/audit.h`: the machine's ELF number, 64 bits, little
/// endian).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 62 | 0xc000_0000;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 183 | 0xc000_0000;

// The kernel's `struct seccomp_data`: number, architecture, address, and six arguments.
const NUMBER_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;
const ARGUMENTS_OFFSET: u32 = 16;

/// Where the lower half of an argument is.
fn low_half(argument: u32) -> u32 {
    ARGUMENTS_OFFSET + 8 * argument
}

fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0)
}

/// Jumps over so many instructions if the condition holds, or if not; `BPF_JA` over `value`.
fn jump(condition: u32, value: u32, holds: u8, fails: u8) -> sock_filter {
    instruction(BPF_JMP | condition | BPF_K, value, holds, fails)
}

fn answer(answer: Answer) -> sock_filter {
    let value = match answer {
        Answer::Allow => SECCOMP_RET_ALLOW,
        Answer::Refuse(error) => SECCOMP_RET_ERRNO | error.unsigned_abs(),
        Answer::Kill => SECCOMP_RET_KILL_PROCESS,
    };
    instruction(BPF_RET | BPF_K, value, 0, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    // All codes are below 256.
    sock_filter { code: code as u16, jt, jf, k }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
