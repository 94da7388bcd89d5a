"""Finds the plugins, reads the configuration, parses the arguments and runs a command."""

import argparse
import importlib.util
import json
import os
import sys


def plugins(directory):
    """The paths of the plugins by the names of their commands; none is loaded."""
    with os.scandir(directory) as entries:
        return {entry.name[:-3]: entry.path for entry in entries if entry.name.endswith(".py")}


def load(name, path):
    spec = importlib.util.spec_from_file_location(f"tasks_plugin_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configuration(path):
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def main(arguments):
    found = plugins(os.path.join(os.getcwd(), "plugins"))
    parser = argparse.ArgumentParser(prog="tasks")
    commands = parser.add_subparsers(dest="command", required=True)
    # Only the plugin that is called is loaded; of the others the name is all that a parser needs.
    loaded = {}
    for name, path in sorted(found.items()):
        command = commands.add_parser(name)
        if name in arguments:
            loaded[name] = load(name, path)
            loaded[name].arguments(command)
    options = parser.parse_args(arguments)
    section = configuration("tasks.json").get(options.command, {})
    return loaded[options.command].run(options, section)


def start():
    sys.exit(main(sys.argv[1:]))
