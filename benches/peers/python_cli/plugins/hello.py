"""Greets somebody."""


def arguments(parser):
    parser.add_argument("name", nargs="?", default="world", help="whom to greet")


def run(options, section):
    greeting = f"Hello, {options.name}!"
    print(greeting.upper() if section.get("shout") else greeting)
    return 0
