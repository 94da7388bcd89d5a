## The command `{{name}}`.

import std/[os, strutils]
import plugin

proc readName(path: string): string =
  try:
    readFile(path).strip(leading = false)
  except IOError:
    raise newFailure(failed, "cannot read " & path & ": " & osErrorMsg(osLastError()), "name a text file")

proc run(invocation: Invocation): uint8 =
  let source = invocation.text("from")
  let name = if source.isSome: readName(source.get) else: invocation.text("name").get
  if name.len == 0: raise newFailure(usage, "there is nobody to greet")
  log(info, "greeting", {"name": name})
  progress("greeting", 1, some(1))
  let line = invocation.text("greeting").get & ", " & name & "!"
  echo if invocation.flag("loud"): line.toUpperAscii else: line

serve(Manifest(
  name: "{{name}}",
  version: "0.1.0",
  summary: "Greet somebody",
  arguments: @[
    Argument(name: "name", help: "Whom to greet", shape: aPositional, default: some("world")),
    Argument(name: "greeting", help: "What to say", shape: anOption, default: some("Hello"),
      placeholder: some("TEXT"), configurationKey: some("greeting")),
    Argument(name: "from", help: "Take the name from this file instead", shape: anOption,
      kind: Type(kind: ofPath, pathKind: file, access: readable), placeholder: some("FILE")),
    Argument(name: "loud", help: "In capitals", shape: aFlag)]),
  run)
