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

#[test]
fn each_call_is_answered_as_it_was_set() {
    let checks = [
        Check::Always(Answer::Allow),
        Check::Always(Answer::Allow),
        Check::Always(Answer::Kill),
        Check::Always(Answer::Refuse(EACCES)),
        Check::OneOf { argument: 1, values: vec![7, 9] },
        Check::HasBits { argument: 0, bits: 0x1_0100 },
        Check::IsNull { argument: 2 },
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
        [0xff_ffff, 1 << 40 | 9, 1 << 32, 0, 0, 0],
        [0x1_0000, 8, 1, 0, 0, 0],
    ];
    for number in (0..700).chain([u32::MAX, 0x4000_0000, 0x4000_0001]) {
        for arguments in cases {
            let allows = |holds| if holds { SECCOMP_RET_ALLOW } else { otherwise };
            let expected = match check_of(number) {
                None => otherwise,
                Some(Check::Always(Answer::Allow)) => SECCOMP_RET_ALLOW,
                Some(Check::Always(Answer::Kill)) => SECCOMP_RET_KILL_PROCESS,
                Some(Check::Always(Answer::Refuse(error))) => refuse(*error),
                Some(Check::OneOf { .. }) => allows([7, 9].contains(&(arguments[1] as u32))),
                Some(Check::HasBits { .. }) => allows(arguments[0] & 0x1_0100 == 0x1_0100),
                Some(Check::IsNull { .. }) => allows(arguments[2] == 0),
            };
            let (found, steps) = run(&compiled, ARCHITECTURE, number, arguments);
            assert_eq!(found, expected, "{number} {arguments:?}");
            assert!(steps <= 24, "{number} takes {steps} instructions");
        }
    }
    let (found, _) = run(&compiled, ARCHITECTURE ^ 1, 0, [0; 6]);
    assert_eq!(found, SECCOMP_RET_KILL_PROCESS, "by another table");
}
