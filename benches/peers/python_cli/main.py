"""Starts the program, as the script does that an installation makes. The rest is in modules, which are compiled once."""

from tasks.cli import start

start()
