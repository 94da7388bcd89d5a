"""Loads a plugin into Extism's host for Python and calls it: what the start of its least host takes. Usage: extism_host.py MODULE"""

import sys

import extism

with open(sys.argv[1], "rb") as file:
    plugin = extism.Plugin({"wasm": [{"data": file.read()}]}, wasi=False)
plugin.call("hello", b"")
print("Hello, world!")
