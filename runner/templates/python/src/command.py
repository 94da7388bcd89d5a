from taskrunner import Arguments, CommandError, command
from wit_world.imports.log import Level, log
from wit_world.imports.progress import report
from wit_world.imports.types import (
    ArgumentShape_Flag,
    ArgumentShape_Option,
    ArgumentShape_Positional,
    ArgumentSpec,
    FailureKind,
    Invocation,
    Manifest,
    PathAccess,
    PathKind,
    PathSpec,
    ValueSpec,
    ValueType_Path,
    ValueType_Text,
)

MANIFEST = Manifest(
    name="{{name}}",
    version="0.1.0",
    summary="Greet somebody",
    description=None,
    arguments=[
        ArgumentSpec(
            name="name",
            short=None,
            help="Whom to greet",
            shape=ArgumentShape_Positional(
                ValueSpec(ValueType_Text(), required=False, repeated=False, default="world", placeholder=None)
            ),
            configuration_key=None,
        ),
        ArgumentSpec(
            name="greeting",
            short=None,
            help="What to say",
            shape=ArgumentShape_Option(
                ValueSpec(ValueType_Text(), required=False, repeated=False, default="Hello", placeholder="TEXT")
            ),
            configuration_key="greeting",
        ),
        ArgumentSpec(
            name="from",
            short=None,
            help="Take the name from this file",
            shape=ArgumentShape_Option(
                ValueSpec(
                    ValueType_Path(PathSpec(PathKind.FILE, PathAccess.READ)),
                    required=False,
                    repeated=False,
                    default=None,
                    placeholder="FILE",
                )
            ),
            configuration_key=None,
        ),
        ArgumentSpec(
            name="loud", short=None, help="In capitals", shape=ArgumentShape_Flag(), configuration_key=None
        ),
    ],
    configuration_schema=None,
    requests=[],
)


def run(args: Arguments, invocation: Invocation) -> None:
    path = args.one("from")
    name = (args.one("name") if path is None else read(path)).strip()
    if not name:
        raise CommandError(FailureKind.USAGE, "there is nobody to greet")
    log(Level.INFO, "greeting", [("name", name)])
    report("greeting", 1, 1)
    text = f"{args.one('greeting')}, {name}!"
    print(text.upper() if args.one("loud") else text)


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(FailureKind.FAILED, f"cannot read {path}: {reason}", "name a text file") from error


Guest = command(MANIFEST, run)
