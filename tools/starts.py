#!/usr/bin/env python3
"""Measures how long the command `count` takes to start in each language, against the one in Rust.

    tools/starts.py [TASKRUNNER]

Prints size, first start (the component is compiled) and later starts, as ratios of processor time in one run: the least of
three first starts and of twenty-five later ones, the languages in turns. Python is measured where it was built
(`tools/polyglot.sh python`).
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POLYGLOT = ROOT / "tests/fixtures/polyglot"
FIRST, LATER = 3, 25


def plugins():
    found = {path.stem: path for path in sorted((POLYGLOT / "prebuilt").glob("*.wasm"))}
    python = POLYGLOT / "python/build/count.wasm"
    if python.exists():
        found["python"] = python
    return found


def start(taskrunner, project, plugin, home):
    """The processor time of one call, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call = [taskrunner, "--plugin-dir", plugin.parent, "count", "a.txt"]
    ended = subprocess.run(call, cwd=project, env={"HOME": home}, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.stdout != b"1 2 4 /a.txt\n":
        sys.exit(f"{plugin}: {ended}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    taskrunner = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/taskrunner")
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch, "project")
        project.mkdir()
        (project / "a.txt").write_text("a b\n")
        copies = {}
        for language, path in plugins().items():
            copies[language] = Path(scratch, language, "count.wasm")
            copies[language].parent.mkdir()
            shutil.copy(path, copies[language])
        first = {language: [] for language in copies}
        later = {language: [] for language in copies}
        for _ in range(FIRST):
            for language, plugin in copies.items():
                home = tempfile.mkdtemp(dir=scratch)
                first[language].append(start(taskrunner, project, plugin, home))
        home = tempfile.mkdtemp(dir=scratch)
        for plugin in copies.values():
            start(taskrunner, project, plugin, home)
        for _ in range(LATER):
            for language, plugin in copies.items():
                later[language].append(start(taskrunner, project, plugin, home))
        print(f"{'language':16}{'KB':>8}{'first':>8}{'later':>8}")
        for language, plugin in copies.items():
            ratios = [min(times[language]) / min(times["rust"]) for times in (first, later)]
            print(f"{language:16}{plugin.stat().st_size / 1000:8.0f}{ratios[0]:8.2f}{ratios[1]:8.2f}")


main()
