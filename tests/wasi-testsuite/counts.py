"""Sets what the suite's runner wrote with `--json-output-location` for two runtimes side by side, and names the tests that differ.

    counts.py OURS.json THEIRS.json
"""

import json
import sys
from collections import Counter

PROPOSALS = ("cli-", "filesystem-", "http-", "sockets-")


def read(path):
    """The name of the runtime, and the outcome of each test that ran, by group. A failure that was expected is a failure."""
    groups = {}
    for result in json.load(open(path, encoding="UTF-8"))["results"]:
        runtime = f"{result['runtime']['name']} {result['runtime']['version']}"
        for test in result["tests"]:
            if test["executed"]:
                outcome = test["outcome"].removeprefix("x")
                groups.setdefault(group(result["name"], test["name"]), {})[test["name"]] = outcome
    return runtime, groups


def group(suite, test):
    """The suite; of WASI 0.3 also the proposal, which begins the test's name."""
    suite = suite.removeprefix("WASI ").replace(" tests [", ", ").rstrip("]")
    return f"{suite}: {test.split('-')[0]}" if "wasip3" in suite and test.startswith(PROPOSALS) else suite


def told(outcomes):
    counted = Counter(outcomes.values())
    return f"{counted['pass']} of {counted.total()}"


def main(ours_path, theirs_path):
    our_name, ours = read(ours_path)
    their_name, theirs = read(theirs_path)
    print(f"| tests | {our_name} | {their_name} |\n| --- | --- | --- |")
    for name in sorted(theirs):
        print(f"| {name} | {told(ours[name])} | {told(theirs[name])} |")
    for name in sorted(theirs):
        for test, outcome in sorted(theirs[name].items()):
            if ours[name][test] != outcome:
                print(f"{name}: {test}: {ours[name][test]}, {their_name}: {outcome}")


if __name__ == "__main__":
    main(*sys.argv[1:])
