use libc::{EACCES, EPERM, c_long};
use seccompiler::sock_filter;

use super::*;

/// Runs a program as the kernel does: the answer, and how many instructions that took.
fn run(program: &[sock_filter], architecture: u32, number: u32, arguments: [u64; 6]) -> (u32, u32) {
    let mut data = [number, architecture, 0, 0].map(u32::to_le_bytes).concat();
    arguments.iter().for_each(|argument| data.extend(argument.to_le_bytes()));
    let (mut at, mut value, mut steps) = (0, 0, 0);
    loop {
        let instruction = &program[at];
        let (code, k) = (u32::from(instruction.code), instruction.k);
        (at, steps) = (at + 1, steps + 1);
        let over = |holds| usize::from(if holds { instruction.jt } else { instruction.jf });
        if code == BPF_LD | BPF_W | BPF_ABS {
            let word = &data[k as usize..][..4];
            value = u32::from_le_bytes(word.try_into().expect("four bytes"));
        } else if code == BPF_ALU | BPF_AND | BPF_K {
            value &= k;
        } else if code == BPF_JMP | BPF_JEQ | BPF_K {
            at += over(value == k);
        } else if code == BPF_JMP | BPF_JGE | BPF_K {
            at += over(value >= k);
        } else if code == BPF_JMP | BPF_JA | BPF_K {
            at += k as usize;
        } else {
            assert_eq!(code, BPF_RET | BPF_K, "another instruction");
            return (k, steps);
        }
    }
}

fn refuse(error: i32) -> u32 {
    SECCOMP_RET_ERRNO | error.unsigned_abs()
}

fn test(argument: u32, holds: Holds) -> Test {
    Test { argument, holds }
}

fn when(argument: u32, holds: Holds) -> Check {
    Check::Where(vec![vec![test(argument, holds)]])
}

/// Whether a test holds, by its definition.
fn holds(test: &Test, arguments: [u64; 6]) -> bool {
    let argument = arguments[test.argument as usize];
    let low = argument as u32;
    match &test.holds {
        Holds::OneOf(values) => values.contains(&low),
        Holds::Masked { mask, value } => low & mask == *value,
        Holds::AtLeast(least) => low >= *least,
        Holds::Null => argument == 0,
    }
}

#[test]
fn each_call_is_answered_as_it_was_set() {
    let checks = [
        Check::Always(Answer::Allow),
        Check::Always(Answer::Allow),
        Check::Always(Answer::Kill),
        Check::Always(Answer::Refuse(EACCES)),
        when(1, Holds::OneOf(vec![7, 9])),
        when(0, Holds::Masked { mask: 0x1_0100, value: 0x1_0000 }),
        when(2, Holds::Null),
        when(3, Holds::AtLeast(3)),
        Check::Where(vec![
            vec![test(1, Holds::OneOf(vec![1, 2, 3]))],
            vec![
                test(1, Holds::OneOf(vec![7, 8])),
                test(3, Holds::AtLeast(3)),
                test(2, Holds::Null),
            ],
        ]),
    ];
    // Runs and gaps of all lengths, and so many that a condition has to jump far.
    let mut program = Program::new(Answer::Refuse(EPERM));
    let check_of = |number: u32| match number {
        0..600 if number % 7 < number % 11 => checks.get(number as usize % checks.len()),
        _ => None,
    };
    for number in 0..600 {
        if let Some(check) = check_of(number) {
            program.set(c_long::from(number), check.clone());
        }
    }
    let compiled = program.compile();
    assert!(compiled.len() > 600, "{}", compiled.len());
    let otherwise = refuse(EPERM);
    let cases = [
        [0; 6],
        [0x1_0100, 7, 0, 0, 0, 0],
        [0xff_feff, 1 << 40 | 9, 1 << 32, 3, 0, 0],
        [0x1_0000, 8, 1, u64::MAX, 0, 0],
        [0x1_0000, 8, 0, 1 << 32 | 2, 0, 0],
        [0x1_0000, 7, 0, 1 << 32 | 4, 0, 0],
        [1, 3, 1, 0, 0, 0],
    ];
    for number in (0..700).chain([u32::MAX, 0x4000_0000, 0x4000_0001]) {
        for arguments in cases {
            let allows = |fits| if fits { SECCOMP_RET_ALLOW } else { otherwise };
            let expected = match check_of(number) {
                None => otherwise,
                Some(Check::Always(Answer::Allow)) => SECCOMP_RET_ALLOW,
                Some(Check::Always(Answer::Kill)) => SECCOMP_RET_KILL_PROCESS,
                Some(Check::Always(Answer::Refuse(error))) => refuse(*error),
                Some(Check::Where(rules)) => {
                    let fits = |rule: &Rule| rule.iter().all(|test| holds(test, arguments));
                    allows(rules.iter().any(fits))
                }
            };
            let (found, steps) = run(&compiled, ARCHITECTURE, number, arguments);
            assert_eq!(found, expected, "{number} {arguments:?}");
            assert!(steps <= 28, "{number} takes {steps} instructions");
        }
    }
    let (found, _) = run(&compiled, ARCHITECTURE ^ 1, 0, [0; 6]);
    assert_eq!(found, SECCOMP_RET_KILL_PROCESS, "by another table");
}
