"""A command-line program whose commands are plugins, as people write one in Python: argparse, one file for each plugin, a
configuration file. Nothing is imported that a run does not need."""
