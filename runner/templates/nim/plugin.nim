## The contract of taskrunner's plugins (wit/command.wit says what it means) in Nim. Nothing here is the
## command's own: that hands its manifest and its `run` to `serve`.

import std/options
export options

# ---- What a command says of itself ----

type
  PathKind* = enum file, directory
  Access* = enum readable, writable
  Kind* = enum ofText, ofInteger, ofNumber, ofChoice, ofPath
  Type* = object
    case kind*: Kind
    of ofText, ofNumber: discard
    of ofInteger: min*, max*: Option[int64]
    of ofChoice: words*: seq[string]
    of ofPath:
      pathKind*: PathKind
      access*: Access
  Shape* = enum aFlag, anOption, aPositional
  Argument* = object
    name*, help*: string
    shape*: Shape
    kind*: Type
    letter*: char ## the short form, without the `-`
    required*, repeated*: bool
    default*, placeholder*, configurationKey*: Option[string]
  Capability* = enum toRead, toWrite, toReadEnvironment, toConnect, toUdp, toResolve, toHttp
  Request* = object
    capability*: Capability
    what*, reason*: string
  Manifest* = object
    name*, version*, summary*: string
    description*: Option[string]
    arguments*: seq[Argument]
    configurationSchema*: Option[string]
    requests*: seq[Request]

# ---- What it is given, how it fails, and what it tells meanwhile ----

type
  Source* {.pure.} = enum commandLine = "command-line", environment = "environment",
    configuration = "configuration", default = "default"
  Given* = object
    case kind*: Kind
    of ofText, ofChoice, ofPath: text*: string
    of ofInteger: integer*: int64
    of ofNumber: number*: float
  Values* = object
    name*: string
    flag*: bool
    values*: seq[Given]
    source*: Source
  Invocation* = object
    command*: string
    rawArguments*: seq[string]
    arguments*: seq[Values]
    configuration*: string
    attempt*: int
  FailureKind* = enum usage, configurationMistake, retryable, failed
  Failure* = object of CatchableError
    ## Raised by `run`, it is the failure that the runner shows. Any other exception is one of the kind `failed`.
    kind*: FailureKind
    hint*: string
  Level* = enum trace, debug, info, warn, error
  Run* = proc (invocation: Invocation): uint8

proc newFailure*(kind: FailureKind, message: string, hint = ""): ref Failure =
  (ref Failure)(kind: kind, msg: message, hint: hint)

proc argument*(invocation: Invocation, name: string): Values =
  for argument in invocation.arguments:
    if argument.name == name: return argument
  raise newException(KeyError, "no argument " & name)

proc flag*(invocation: Invocation, name: string): bool = invocation.argument(name).flag

proc text*(invocation: Invocation, name: string): Option[string] =
  ## The only value of an argument that is a text, a choice or a path.
  let values = invocation.argument(name).values
  if values.len > 0: result = some values[0].text

proc integer*(invocation: Invocation, name: string): Option[int64] =
  let values = invocation.argument(name).values
  if values.len > 0: result = some values[0].integer

proc number*(invocation: Invocation, name: string): Option[float] =
  let values = invocation.argument(name).values
  if values.len > 0: result = some values[0].number

# ---- The component model's side of it: objects that lie in memory as it lays out its records ----

type
  List[T] = object
    first: ptr UncheckedArray[T]
    len: csize_t
  AbiText = List[char]
  Maybe[T] = object
    isSome: bool
    some: T
  Bounds = object
    min, max: Maybe[int64]
  AbiPath = object
    kind, access: uint8
  TypeCases {.union.} = object
    integer: Bounds
    choice: List[AbiText]
    path: AbiPath
  AbiType = object
    tag: uint8
    cases: TypeCases
  AbiValue = object
    kind: AbiType
    required, repeated: bool
    default, placeholder: Maybe[AbiText]
  AbiShape = object
    tag: uint8
    value: AbiValue
  AbiArgument = object
    name: AbiText
    short: Maybe[uint32]
    help: AbiText
    shape: AbiShape
    configurationKey: Maybe[AbiText]
  AbiCapability = object
    tag: uint8
    what: AbiText
  AbiRequest = object
    capability: AbiCapability
    reason: AbiText
  AbiManifest = object
    name, version, summary: AbiText
    description: Maybe[AbiText]
    arguments: List[AbiArgument]
    configurationSchema: Maybe[AbiText]
    requests: List[AbiRequest]
  GivenCases {.union.} = object
    flag: bool
    text: AbiText
    integer: int64
    number: float
  AbiGiven = object
    tag: uint8
    cases: GivenCases
  AbiValues = object
    name: AbiText
    values: List[AbiGiven]
    source: uint8
  AbiFailure = object
    kind: uint8
    message: AbiText
    hint: Maybe[AbiText]
  ResultCases {.union.} = object
    code: uint8
    failure: AbiFailure
  AbiResult = object
    isErr: bool
    cases: ResultCases
  AbiField = object
    name, value: AbiText

var
  served: tuple[manifest: Manifest, run: Run]
  handedOver: seq[pointer] ## what was allocated for the call that is going on
  described: AbiManifest
  outcome: AbiResult

proc serve*(manifest: Manifest, run: Run) =
  ## Says what the command is: at the end of its module.
  served = (manifest, run)

proc c_realloc(old: pointer, size: csize_t): pointer {.importc: "realloc", header: "<stdlib.h>".}
proc hostLog(level: uint32, message: pointer, messageLen: csize_t, fields: pointer, fieldsLen: csize_t)
  {.importc: "taskrunner_log", cdecl, codegenDecl: "__attribute__((import_module(\"taskrunner:plugin/log@0.1.0\"), import_name(\"log\"))) $# $#$#".}
proc hostReport(message: pointer, messageLen: csize_t, done: uint64, hasTotal: uint32, total: uint64)
  {.importc: "taskrunner_report", cdecl, codegenDecl: "__attribute__((import_module(\"taskrunner:plugin/progress@0.1.0\"), import_name(\"report\"))) $# $#$#".}

proc allocate(size: int): pointer =
  result = alloc0(max(size, 1))
  handedOver.add result

proc release() =
  for memory in handedOver: dealloc memory
  handedOver.setLen 0

proc lowerText(text: string): AbiText =
  result = AbiText(first: cast[ptr UncheckedArray[char]](allocate(text.len)), len: csize_t(text.len))
  if text.len > 0: copyMem(result.first, unsafeAddr text[0], text.len)

proc lowerMaybe(text: Option[string]): Maybe[AbiText] =
  if text.isSome: result = Maybe[AbiText](isSome: true, some: lowerText(text.get))

proc lowerBound(bound: Option[int64]): Maybe[int64] =
  if bound.isSome: result = Maybe[int64](isSome: true, some: bound.get)

template lowerList(T: typedesc, items, lowerItem: untyped): List[T] =
  let list = List[T](first: cast[ptr UncheckedArray[T]](allocate(items.len * sizeof(T))), len: csize_t(items.len))
  for i, item in items: list.first[i] = lowerItem(item)
  list

proc lowerType(kind: Type): AbiType =
  result.tag = uint8(ord(kind.kind))
  case kind.kind
  of ofText, ofNumber: discard
  of ofInteger: result.cases.integer = Bounds(min: lowerBound(kind.min), max: lowerBound(kind.max))
  of ofChoice: result.cases.choice = lowerList(AbiText, kind.words, lowerText)
  of ofPath: result.cases.path = AbiPath(kind: uint8(ord(kind.pathKind)), access: uint8(ord(kind.access)))

proc lowerArgument(argument: Argument): AbiArgument =
  result = AbiArgument(name: lowerText(argument.name), help: lowerText(argument.help),
    configurationKey: lowerMaybe(argument.configurationKey))
  result.short = Maybe[uint32](isSome: argument.letter != '\0', some: uint32(ord(argument.letter)))
  result.shape = AbiShape(tag: uint8(ord(argument.shape)), value: AbiValue(
    kind: lowerType(argument.kind), required: argument.required, repeated: argument.repeated,
    default: lowerMaybe(argument.default), placeholder: lowerMaybe(argument.placeholder)))

proc lowerRequest(request: Request): AbiRequest =
  AbiRequest(reason: lowerText(request.reason),
    capability: AbiCapability(tag: uint8(ord(request.capability)), what: lowerText(request.what)))

proc lift(text: AbiText): string =
  result = newString(int(text.len))
  if text.len > 0: copyMem(addr result[0], text.first, int(text.len))

proc lift(values: AbiValues): Values =
  result = Values(name: lift(values.name), source: Source(values.source))
  for i in 0 ..< int(values.values.len):
    let given = values.values.first[i]
    case given.tag
    of 0: result.flag = given.cases.flag
    of 2: result.values.add Given(kind: ofInteger, integer: given.cases.integer)
    of 3: result.values.add Given(kind: ofNumber, number: given.cases.number)
    else: result.values.add Given(kind: ofText, text: lift(given.cases.text))

proc log*(level: Level, message: string, fields: openArray[(string, string)] = []) =
  var lowered: seq[AbiField]
  for (name, value) in fields: lowered.add AbiField(name: lowerText(name), value: lowerText(value))
  let text = lowerText(message)
  hostLog(uint32(ord(level)), text.first, text.len, (if lowered.len > 0: addr lowered[0] else: nil), csize_t(lowered.len))

proc progress*(message: string, done: int, total = none(int)) =
  let text = lowerText(message)
  hostReport(text.first, text.len, uint64(done), uint32(ord(total.isSome)), uint64(total.get(0)))

proc lowerFailure(kind: FailureKind, message, hint: string): AbiResult =
  let shown = if hint.len > 0: some(hint) else: none(string)
  result.isErr = true
  result.cases.failure = AbiFailure(kind: uint8(ord(kind)), message: lowerText(message), hint: lowerMaybe(shown))

proc guestDescribe(): ptr AbiManifest {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"taskrunner:plugin/guest@0.1.0#describe\"))) $# $#$#".} =
  let manifest = served.manifest
  described = AbiManifest(name: lowerText(manifest.name), version: lowerText(manifest.version),
    summary: lowerText(manifest.summary), description: lowerMaybe(manifest.description),
    arguments: lowerList(AbiArgument, manifest.arguments, lowerArgument),
    configurationSchema: lowerMaybe(manifest.configurationSchema),
    requests: lowerList(AbiRequest, manifest.requests, lowerRequest))
  addr described

proc guestRun(command: ptr UncheckedArray[char], commandLen: csize_t,
    raw: ptr UncheckedArray[AbiText], rawLen: csize_t, arguments: ptr UncheckedArray[AbiValues], argumentsLen: csize_t,
    configuration: ptr UncheckedArray[char], configurationLen: csize_t, attempt: uint32): ptr AbiResult
    {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"taskrunner:plugin/guest@0.1.0#run\"))) $# $#$#".} =
  try:
    var invocation = Invocation(command: lift(AbiText(first: command, len: commandLen)),
      configuration: lift(AbiText(first: configuration, len: configurationLen)), attempt: int(attempt))
    for i in 0 ..< int(rawLen): invocation.rawArguments.add lift(raw[i])
    for i in 0 ..< int(argumentsLen): invocation.arguments.add lift(arguments[i])
    outcome.cases.code = served.run(invocation)
    outcome.isErr = false
  except Failure as failure:
    outcome = lowerFailure(failure.kind, failure.msg, failure.hint)
  except Exception as exception: # of any type, and defects too
    outcome = lowerFailure(failed, exception.msg, "")
  # A plugin has no end at which C would write what is buffered.
  flushFile stdout
  addr outcome

proc afterDescribe(_: pointer) {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"cabi_post_taskrunner:plugin/guest@0.1.0#describe\"))) $# $#$#".} =
  release()

proc afterRun(_: pointer) {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"cabi_post_taskrunner:plugin/guest@0.1.0#run\"))) $# $#$#".} =
  release()

proc reallocForAdapter(old: pointer, oldSize, alignment, newSize: csize_t): pointer {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"cabi_realloc_adapter\"))) $# $#$#".} =
  ## How the adapter of WASI preview 1 asks for its own memory, which outlives a call.
  c_realloc(old, max(newSize, 1))

proc reallocForHost(old: pointer, oldSize, alignment, newSize: csize_t): pointer {.exportc, cdecl, codegenDecl: "__attribute__((export_name(\"cabi_realloc\"))) $# $#$#".} =
  ## How the runner asks for the memory that it writes an invocation to.
  result = allocate(int(newSize))
  if old != nil: copyMem(result, old, int(min(oldSize, newSize)))

# A component has no `main`: Nim's modules begin when it does.
{.emit: "void NimMain(void); __attribute__((constructor)) static void taskrunner_begin(void) { NimMain(); }".}
