"""The suite's own adapter for wasmtime, where each test works in a fresh copy of its directory, as for `taskrunner`.

For `run-tests -r wasmtime.py`, started in the suite's directory.
"""

import importlib.util
from pathlib import Path


def load(path):
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


OURS = load(Path(__file__).with_name("taskrunner.py"))
THEIRS = load(Path("adapters/wasmtime.py"))

get_name = THEIRS.get_name
get_version = THEIRS.get_version
get_wasi_versions = THEIRS.get_wasi_versions
get_wasi_worlds = OURS.get_wasi_worlds
get_timeout_seconds = OURS.get_timeout_seconds


def compute_argv(test_path, args_env_root, *how):
    args, env, root = args_env_root
    if root:
        fresh = OURS.fresh_place() / "root"
        OURS.copy_root(root, fresh)
        root = str(fresh)
    return THEIRS.compute_argv(test_path, [args, env, root], *how)
