"""What stands between the contract and your command. Your own code goes into `command.py`."""

import sys
import traceback
from collections.abc import Callable

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.log import Level, log
from wit_world.imports.types import Argument, ArgumentSource, Failure, FailureKind, Invocation, Manifest

Value = bool | int | float | str


class CommandError(Exception):
    """A failure that the runner shows."""

    def __init__(self, kind: FailureKind, message: str, hint: str | None = None):
        super().__init__(message)
        self.failure = Failure(kind, message, hint)


class Arguments:
    """The arguments of an invocation, checked by the runner, by their names in the manifest."""

    def __init__(self, arguments: list[Argument]):
        self._arguments = {argument.name: argument for argument in arguments}

    def all(self, name: str) -> list[Value]:
        """All values of an argument. A choice is a text, and so is a path: the one to open it by."""
        return [value.value for value in self._arguments[name].values]

    def one(self, name: str) -> Value | None:
        """The value of an argument that has one at most."""
        return next(iter(self.all(name)), None)

    def source(self, name: str) -> ArgumentSource:
        """What gave the values."""
        return self._arguments[name].source


def command(manifest: Manifest, run: Callable[[Arguments, Invocation], int | None]) -> type[exports.Guest]:
    """
    Makes what the contract asks a plugin for, of a manifest and a function. The function's result is the exit code,
    0 without one. Whatever it raises is a failure of the command.
    """

    class Guest(exports.Guest):
        def describe(self) -> Manifest:
            return manifest

        def run(self, invocation: Invocation) -> int:
            try:
                return exit_code(run(Arguments(invocation.arguments), invocation))
            except CommandError as error:
                raise Err(error.failure) from error
            except SystemExit as end:
                return exit_code(end.code)
            except Exception as error:
                log(Level.DEBUG, "uncaught exception", [("traceback", places(error))])
                message = f"{type(error).__name__}: {error}"
                raise Err(Failure(FailureKind.FAILED, message, None)) from error
            finally:
                sys.stdout.flush()
                sys.stderr.flush()

    return Guest


def places(error: Exception) -> str:
    """Where an exception came through. The lines themselves are not looked up: the sources are not there."""
    frames = traceback.walk_tb(error.__traceback__)
    return ", ".join(f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}" for frame, line in frames)


def exit_code(code: object) -> int:
    """The exit code that Python itself would end with."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
