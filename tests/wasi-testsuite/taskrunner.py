"""Runs the tests of WebAssembly's wasi-testsuite as commands of `taskrunner`.

An adapter for the suite's own runner (`run-tests -r taskrunner.py`). Each test is a program in a plugin directory of its own,
and works in a fresh copy of its directory. `TASKRUNNER` names the program to test, with options if need be.
See docs/wasi-testsuite.md.
"""

import atexit
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

TASKRUNNER = shlex.split(os.getenv("TASKRUNNER", "taskrunner"))


def get_name():
    return "taskrunner"


def get_version():
    shown = subprocess.run([TASKRUNNER[0], "--version"], encoding="UTF-8", capture_output=True, check=True)
    return shown.stdout.split()[1]


def get_wasi_versions():
    return ["wasm32-wasip1", "wasm32-wasip3"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def get_timeout_seconds():
    """The first run of a program compiles it."""
    return 30.0


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    args, env, root = args_env_root
    place = fresh_place()
    command = command_name(test_path)
    plugins = place / "plugins"
    plugins.mkdir()
    shutil.copy(test_path, plugins / f"{command}.wasm")

    workspace = place / "workspace"
    granted = []
    if root:
        copy_root(root, workspace)
        granted += ["--allow-write", "."]
    else:
        workspace.mkdir()
    for name in env:
        granted += ["--allow-env", name]
    if "sockets" in proposals:
        granted += ["--allow-connect", "localhost:*", "--allow-udp", "localhost:*"]

    environment = ["env", *(f"{name}={value}" for name, value in env.items())]
    return [*environment, *TASKRUNNER, "--plugin-dir", str(plugins), "-C", str(workspace), *granted, command, *args]


def command_name(test_path):
    """`fd_write-to-stdout.wasm` is the command `fd-write-to-stdout`."""
    return re.sub("[^a-z0-9]+", "-", Path(test_path).stem.lower())


def copy_root(root, workspace):
    """Without what another test has left behind, as the suite cleans up all but symbolic links."""
    shutil.copytree(root, workspace, symlinks=True, ignore=shutil.ignore_patterns("*.cleanup"))


def fresh_place():
    place = Path(tempfile.mkdtemp(prefix="wasi-testsuite-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place
