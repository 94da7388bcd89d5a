// The contract `taskrunner:plugin@0.1.0` for Kotlin: its types, and how they lie in memory. The comments
// of wit/command.wit are the specification. There is nothing to edit here: the command is the functions
// `describe(): Manifest` and `run(Invocation): Int`.
@file:OptIn(ExperimentalWasmInterop::class, UnsafeWasmMemoryApi::class)

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmExport
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.MemoryAllocator
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

// ---- The manifest ----------------------------------------------------------------------------------

/** What a plugin says of itself. */
class Manifest(
    val name: String,
    val version: String,
    val summary: String,
    val description: String? = null,
    val arguments: List<ArgumentSpec> = emptyList(),
    val configurationSchema: String? = null,
    val requests: List<Request> = emptyList(),
)

/** One argument as the plugin declares it. */
class ArgumentSpec(
    val name: String,
    val help: String,
    val shape: ArgumentShape,
    val short: Char? = null,
    val configurationKey: String? = null,
)

/** How an argument stands on the command line. */
sealed class ArgumentShape {
    object Flag : ArgumentShape()
    class Option(val value: ValueSpec) : ArgumentShape()
    class Positional(val value: ValueSpec) : ArgumentShape()
}

/** The specification of an argument's value. */
class ValueSpec(
    val type: ValueType,
    val required: Boolean = false,
    val repeated: Boolean = false,
    val default: String? = null,
    val placeholder: String? = null,
)

/** What counts as a value. */
sealed class ValueType {
    object Text : ValueType()
    class Integer(val min: Long? = null, val max: Long? = null) : ValueType()
    object Number : ValueType()
    class Choice(vararg val words: String) : ValueType()
    class Path(val kind: PathKind, val access: PathAccess) : ValueType()
}

enum class PathKind { FILE, DIRECTORY }

enum class PathAccess { READ, WRITE }

/** One capability that the command asks for, and why. */
class Request(val capability: Capability, val thing: String, val reason: String)

enum class Capability { READ, WRITE, ENVIRONMENT, CONNECT, UDP, RESOLVE, HTTP }

// ---- The invocation --------------------------------------------------------------------------------

/** One call of a command. */
class Invocation(
    val command: String,
    val rawArguments: List<String>,
    val arguments: List<Argument>,
    val configuration: String,
    val attempt: Int,
) {
    /** The argument of this name in the manifest. */
    operator fun get(name: String): Argument = arguments.first { it.name == name }
}

/** One argument with its values. */
class Argument(val name: String, val values: List<ArgumentValue>, val source: ArgumentSource) {
    val flag get() = (values.single() as ArgumentValue.Flag).value
    val text get() = (values.firstOrNull() as ArgumentValue.Text?)?.value
    val integer get() = (values.firstOrNull() as ArgumentValue.Integer?)?.value
    val number get() = (values.firstOrNull() as ArgumentValue.Number?)?.value
    val path get() = paths.firstOrNull()
    val paths get() = values.map { (it as ArgumentValue.Path).value }
}

/** A checked value. */
sealed class ArgumentValue {
    class Flag(val value: Boolean) : ArgumentValue()
    class Text(val value: String) : ArgumentValue()
    class Integer(val value: Long) : ArgumentValue()
    class Number(val value: Double) : ArgumentValue()
    class Path(val value: String) : ArgumentValue()
}

enum class ArgumentSource { COMMAND_LINE, ENVIRONMENT, CONFIGURATION, DEFAULT }

// ---- The failure -----------------------------------------------------------------------------------

/** A failure that the command reports. Any other exception arrives as one of the kind `FAILED`. */
class Failure(val kind: FailureKind, message: String, val hint: String? = null) : Exception(message)

enum class FailureKind { USAGE, CONFIGURATION, RETRYABLE, FAILED }

// ---- The log, and progress -------------------------------------------------------------------------

enum class Level { TRACE, DEBUG, INFO, WARN, ERROR }

/** Writes a line to the user's log. */
fun log(level: Level, message: String, vararg fields: Pair<String, String>) = withScopedMemoryAllocator { memory ->
    val text = memory.string(message)
    val list = memory.list(fields.asList(), 16) { at, (name, value) ->
        string(at, name)
        string(at + 8, value)
    }
    hostLog(level.ordinal, text.start, text.length, list.start, list.length)
}

/** Says how far the work has come. */
fun progress(message: String, done: Long, total: Long? = null) = withScopedMemoryAllocator { memory ->
    val text = memory.string(message)
    hostProgress(text.start, text.length, done, if (total == null) 0 else 1, total ?: 0)
}

@WasmImport("taskrunner:plugin/log@0.1.0", "log")
private external fun hostLog(level: Int, message: Int, messageLength: Int, fields: Int, fieldCount: Int)

@WasmImport("taskrunner:plugin/progress@0.1.0", "report")
private external fun hostProgress(message: Int, messageLength: Int, done: Long, hasTotal: Int, total: Long)

// ---- What the runner calls ---------------------------------------------------------------------------

@WasmExport("taskrunner:plugin/guest@0.1.0#describe")
fun exportedDescribe(): Int = call { memory ->
    val manifest = describe()
    memory.allocate(64, 8).also { memory.manifest(it, manifest) }.toInt()
}

@WasmExport("taskrunner:plugin/guest@0.1.0#run")
fun exportedRun(
    command: Int, commandLength: Int, raw: Int, rawCount: Int, arguments: Int, argumentCount: Int,
    configuration: Int, configurationLength: Int, attempt: Int,
): Int = call { memory ->
    val invocation = Invocation(
        loadString(command, commandLength),
        List(rawCount) { loadString(raw + 8 * it) },
        List(argumentCount) { loadArgument(arguments + 20 * it) },
        loadString(configuration, configurationLength),
        attempt,
    )
    val outcome = runCatching { run(invocation) }
    val result = memory.allocate(28, 4)
    outcome.onSuccess {
        result.storeByte(0)
        (result + 4).storeByte(it.toByte())
    }.onFailure {
        result.storeByte(1)
        (result + 4).storeByte(((it as? Failure)?.kind ?: FailureKind.FAILED).ordinal.toByte())
        memory.string(result + 8, it.message ?: it.toString())
        memory.optional(result + 16, (it as? Failure)?.hint)
    }
    result.toInt()
}

private fun MemoryAllocator.manifest(at: Pointer, manifest: Manifest) {
    string(at, manifest.name)
    string(at + 8, manifest.version)
    string(at + 16, manifest.summary)
    optional(at + 24, manifest.description)
    list(at + 36, manifest.arguments, 120) { spec, value -> argument(spec, value) }
    optional(at + 44, manifest.configurationSchema)
    list(at + 56, manifest.requests, 20) { request, value ->
        request.storeByte(value.capability.ordinal.toByte())
        string(request + 4, value.thing)
        string(request + 12, value.reason)
    }
}

private fun MemoryAllocator.argument(at: Pointer, argument: ArgumentSpec) {
    string(at, argument.name)
    (at + 8).storeByte(if (argument.short == null) 0 else 1)
    (at + 12).storeInt(argument.short?.code ?: 0)
    string(at + 16, argument.help)
    when (val shape = argument.shape) {
        is ArgumentShape.Flag -> (at + 24).storeByte(0)
        is ArgumentShape.Option -> {
            (at + 24).storeByte(1)
            value(at + 32, shape.value)
        }
        is ArgumentShape.Positional -> {
            (at + 24).storeByte(2)
            value(at + 32, shape.value)
        }
    }
    optional(at + 104, argument.configurationKey)
}

private fun MemoryAllocator.value(at: Pointer, value: ValueSpec) {
    when (val type = value.type) {
        is ValueType.Text -> at.storeByte(0)
        is ValueType.Integer -> {
            at.storeByte(1)
            optional(at + 8, type.min)
            optional(at + 24, type.max)
        }
        is ValueType.Number -> at.storeByte(2)
        is ValueType.Choice -> {
            at.storeByte(3)
            list(at + 8, type.words.asList(), 8) { word, text -> string(word, text) }
        }
        is ValueType.Path -> {
            at.storeByte(4)
            (at + 8).storeByte(type.kind.ordinal.toByte())
            (at + 9).storeByte(type.access.ordinal.toByte())
        }
    }
    (at + 40).storeByte(if (value.required) 1 else 0)
    (at + 41).storeByte(if (value.repeated) 1 else 0)
    optional(at + 44, value.default)
    optional(at + 56, value.placeholder)
}

private fun loadArgument(at: Int) = Argument(
    loadString(at),
    List(pointer(at + 12).loadInt()) { loadValue(pointer(at + 8).loadInt() + 16 * it) },
    ArgumentSource.entries[pointer(at + 16).loadByte().toInt()],
)

private fun loadValue(at: Int): ArgumentValue = when (val case = pointer(at).loadByte().toInt()) {
    0 -> ArgumentValue.Flag(pointer(at + 8).loadByte() != 0.toByte())
    1 -> ArgumentValue.Text(loadString(at + 8))
    2 -> ArgumentValue.Integer(pointer(at + 8).loadLong())
    3 -> ArgumentValue.Number(Double.fromBits(pointer(at + 8).loadLong()))
    4 -> ArgumentValue.Path(loadString(at + 8))
    else -> error("a value of the unknown case $case")
}

// ---- Memory ----------------------------------------------------------------------------------------
// The linear memory holds nothing of Kotlin's own: its objects are the engine's. Kotlin's allocator gives
// out addresses from 0 on within a scope, and again in the next. The adapter of WASI has a place of its own;
// behind it lies what the runner passes, and behind that, while a call lasts, all scopes.

private const val ADAPTER = 1 shl 20
private const val PASSED = ADAPTER + (1 shl 18)

private var adapterEnd = ADAPTER
private var passedEnd = PASSED
private var grownTo = 0

@WasmExport("cabi_realloc_adapter")
fun reallocateForAdapter(old: Int, oldSize: Int, align: Int, size: Int): Int {
    val start = aligned(adapterEnd, align)
    adapterEnd = start + size
    check(old == 0 && oldSize == 0 && adapterEnd <= PASSED)
    grow(PASSED)
    return start
}

@WasmExport("cabi_realloc")
fun reallocate(old: Int, oldSize: Int, align: Int, size: Int): Int {
    val start = aligned(passedEnd, align)
    passedEnd = start + size
    grow(passedEnd)
    for (i in 0 until minOf(oldSize, size)) pointer(start + i).storeByte(pointer(old + i).loadByte())
    return start
}

private fun aligned(address: Int, align: Int) = (address + align - 1) and -align

private fun grow(end: Int) {
    if (end <= grownTo) return
    withScopedMemoryAllocator { it.allocate(end) }
    grownTo = end
}

private fun call(body: (MemoryAllocator) -> Int): Int = withScopedMemoryAllocator { memory ->
    memory.allocate(passedEnd)
    body(memory).also { passedEnd = PASSED }
}

private class Slice(val start: Int, val length: Int)

private fun Pointer.toInt() = address.toInt()

private fun pointer(address: Int) = Pointer(address.toUInt())

private fun MemoryAllocator.allocate(size: Int, align: Int): Pointer =
    pointer(aligned(allocate(size + align).toInt(), align))

private fun MemoryAllocator.string(text: String): Slice {
    val bytes = text.encodeToByteArray()
    val start = allocate(bytes.size, 1)
    bytes.forEachIndexed { i, byte -> (start + i).storeByte(byte) }
    return Slice(start.toInt(), bytes.size)
}

private fun <T> MemoryAllocator.list(items: List<T>, size: Int, store: MemoryAllocator.(Pointer, T) -> Unit): Slice {
    val start = allocate(size * items.size, 8)
    items.forEachIndexed { i, item -> store(start + size * i, item) }
    return Slice(start.toInt(), items.size)
}

private fun store(at: Pointer, slice: Slice) {
    at.storeInt(slice.start)
    (at + 4).storeInt(slice.length)
}

private fun MemoryAllocator.string(at: Pointer, text: String) = store(at, string(text))

private fun <T> MemoryAllocator.list(at: Pointer, items: List<T>, size: Int, store: MemoryAllocator.(Pointer, T) -> Unit) =
    store(at, list(items, size, store))

private fun MemoryAllocator.optional(at: Pointer, text: String?) {
    at.storeByte(if (text == null) 0 else 1)
    if (text != null) string(at + 4, text)
}

private fun optional(at: Pointer, number: Long?) {
    at.storeByte(if (number == null) 0 else 1)
    (at + 8).storeLong(number ?: 0)
}

private fun loadString(at: Int) = loadString(pointer(at).loadInt(), pointer(at + 4).loadInt())

private fun loadString(start: Int, length: Int) = ByteArray(length) { pointer(start + it).loadByte() }.decodeToString()
