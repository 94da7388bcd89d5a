// Files, environment, arguments and exit codes of WASI preview 1: Kotlin's own library has none of
// them for WASI yet. There is nothing to edit here.
@file:OptIn(ExperimentalWasmInterop::class, UnsafeWasmMemoryApi::class)

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.MemoryAllocator
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

/** A call of the system failed. */
class SystemError(val code: Int) : Exception(ERRORS[code] ?: "error $code of WASI")

private val ERRORS = mapOf(
    2 to "permission denied", 8 to "bad file descriptor", 20 to "file exists", 28 to "invalid argument",
    29 to "input/output error", 31 to "is a directory", 32 to "too many levels of symbolic links",
    37 to "file name too long", 44 to "no such file or directory", 51 to "no space left on device",
    54 to "not a directory", 55 to "directory not empty", 63 to "operation not permitted",
    69 to "read-only file system", 76 to "capabilities insufficient",
)

/** The arguments, the program's name first. */
fun arguments(): List<String> = strings(::args_sizes_get, ::args_get)

/** The environment's variables. */
fun environment(): Map<String, String> =
    strings(::environ_sizes_get, ::environ_get).associate { it.substringBefore('=') to it.substringAfter('=', "") }

/** Ends the program. */
fun exit(code: Int): Nothing {
    proc_exit(code)
    error("the program went on behind its end")
}

fun readFile(path: String): ByteArray = opened(path, 0, READ) { readAll(it) }

fun writeFile(path: String, content: ByteArray) = opened(path, CREATE or TRUNCATE, WRITE) { writeAll(it, content) }

fun readStandardInput(): ByteArray = readAll(0)

fun writeStandardOutput(content: ByteArray) = writeAll(1, content)

fun writeStandardError(text: String) = writeAll(2, text.encodeToByteArray())

/** The names in a directory, without `.` and `..`, in no order. */
fun listDirectory(path: String): List<String> = opened(path, DIRECTORY, READ or READ_DIRECTORY) { directory ->
    withScopedMemoryAllocator { memory ->
        val buffer = memory.allocate(CHUNK)
        val used = memory.allocate(4)
        val names = ArrayList<String>()
        var cookie = 0L
        do {
            check(fd_readdir(directory, buffer.int, CHUNK, cookie, used.int))
            val end = used.loadInt()
            var at = 0
            while (at + ENTRY <= end) {
                val length = (buffer + at + 16).loadInt()
                if (at + ENTRY + length > end) break
                names.add((buffer + at + ENTRY).bytes(length).decodeToString())
                cookie = (buffer + at).loadLong()
                at += ENTRY + length
            }
        } while (end == CHUNK && at > 0)
        names.filter { it != "." && it != ".." }
    }
}

// ---- Memory --------------------------------------------------------------------------------------

private val Pointer.int get() = address.toInt()

private fun pointer(address: Int) = Pointer(address.toUInt())

private fun Pointer.bytes(length: Int) = ByteArray(length) { (this + it).loadByte() }

private fun Pointer.store(bytes: ByteArray, from: Int = 0, length: Int = bytes.size) {
    for (i in 0 until length) (this + i).storeByte(bytes[from + i])
}

private fun MemoryAllocator.allocate(bytes: ByteArray) = allocate(maxOf(bytes.size, 1)).also { it.store(bytes) }

// ---- WASI ----------------------------------------------------------------------------------------

private const val CHUNK = 65536
private const val ENTRY = 24
private const val CREATE = 1
private const val DIRECTORY = 2
private const val TRUNCATE = 8
private const val READ = 1L shl 1
private const val WRITE = 1L shl 6
private const val READ_DIRECTORY = 1L shl 14

private fun check(code: Int) {
    if (code != 0) throw SystemError(code)
}

private fun <T> opened(path: String, flags: Int, rights: Long, use: (Int) -> T): T {
    val (directory, rest) = locate(path)
    val file = withScopedMemoryAllocator { memory ->
        val bytes = rest.encodeToByteArray()
        val opened = memory.allocate(4)
        check(path_open(directory, 1, memory.allocate(bytes).int, bytes.size, flags, rights, 0, 0, opened.int))
        opened.loadInt()
    }
    try {
        return use(file)
    } finally {
        fd_close(file)
    }
}

/** The directory given to the program that is nearest above a path, and the path from there. */
private fun locate(path: String): Pair<Int, String> {
    val absolute = if (path.startsWith("/")) path else (environment()["PWD"] ?: "").trimEnd('/') + "/" + path
    val given = givenDirectories().mapNotNull { (file, name) ->
        val above = name.trimEnd('/')
        if (absolute == above || absolute.startsWith("$above/")) file to above else null
    }
    val (file, above) = given.maxByOrNull { it.second.length } ?: throw SystemError(76)
    return file to absolute.removePrefix(above).trimStart('/').ifEmpty { "." }
}

private fun givenDirectories(): List<Pair<Int, String>> = withScopedMemoryAllocator { memory ->
    val entry = memory.allocate(8)
    generateSequence(3) { it + 1 }.takeWhile { fd_prestat_get(it, entry.int) == 0 }.map { file ->
        val length = (entry + 4).loadInt()
        val name = memory.allocate(maxOf(length, 1))
        check(fd_prestat_dir_name(file, name.int, length))
        file to name.bytes(length).decodeToString()
    }.toList()
}

private fun readAll(file: Int): ByteArray = withScopedMemoryAllocator { memory ->
    val buffer = memory.allocate(CHUNK)
    val vector = memory.allocate(8)
    val read = memory.allocate(4)
    var content = ByteArray(CHUNK)
    var size = 0
    while (true) {
        vector.storeInt(buffer.int)
        (vector + 4).storeInt(CHUNK)
        check(fd_read(file, vector.int, 1, read.int))
        val count = read.loadInt()
        if (count == 0) break
        if (size + count > content.size) content = content.copyOf(maxOf(2 * content.size, size + count))
        for (i in 0 until count) content[size + i] = (buffer + i).loadByte()
        size += count
    }
    content.copyOf(size)
}

private fun writeAll(file: Int, content: ByteArray) = withScopedMemoryAllocator { memory ->
    val buffer = memory.allocate(CHUNK)
    val vector = memory.allocate(8)
    val written = memory.allocate(4)
    var at = 0
    while (at < content.size) {
        val length = minOf(CHUNK, content.size - at)
        buffer.store(content, at, length)
        vector.storeInt(buffer.int)
        (vector + 4).storeInt(length)
        check(fd_write(file, vector.int, 1, written.int))
        at += written.loadInt()
    }
}

private fun strings(sizes: (Int, Int) -> Int, get: (Int, Int) -> Int): List<String> = withScopedMemoryAllocator { memory ->
    val count = memory.allocate(4)
    val size = memory.allocate(4)
    check(sizes(count.int, size.int))
    val pointers = memory.allocate(4 * count.loadInt() + 4)
    val text = memory.allocate(size.loadInt() + 1)
    check(get(pointers.int, text.int))
    List(count.loadInt()) { i ->
        val start = pointer((pointers + 4 * i).loadInt())
        var length = 0
        while ((start + length).loadByte() != 0.toByte()) length++
        start.bytes(length).decodeToString()
    }
}

private const val PREVIEW1 = "wasi_snapshot_preview1"

@WasmImport(PREVIEW1, "args_sizes_get")
private external fun args_sizes_get(count: Int, size: Int): Int

@WasmImport(PREVIEW1, "args_get")
private external fun args_get(pointers: Int, text: Int): Int

@WasmImport(PREVIEW1, "environ_sizes_get")
private external fun environ_sizes_get(count: Int, size: Int): Int

@WasmImport(PREVIEW1, "environ_get")
private external fun environ_get(pointers: Int, text: Int): Int

@WasmImport(PREVIEW1, "fd_prestat_get")
private external fun fd_prestat_get(file: Int, entry: Int): Int

@WasmImport(PREVIEW1, "fd_prestat_dir_name")
private external fun fd_prestat_dir_name(file: Int, name: Int, length: Int): Int

@WasmImport(PREVIEW1, "path_open")
private external fun path_open(
    directory: Int, follow: Int, path: Int, length: Int, flags: Int, rights: Long, inherited: Long, modes: Int, opened: Int,
): Int

@WasmImport(PREVIEW1, "fd_read")
private external fun fd_read(file: Int, vectors: Int, count: Int, read: Int): Int

@WasmImport(PREVIEW1, "fd_write")
private external fun fd_write(file: Int, vectors: Int, count: Int, written: Int): Int

@WasmImport(PREVIEW1, "fd_close")
private external fun fd_close(file: Int): Int

@WasmImport(PREVIEW1, "fd_readdir")
private external fun fd_readdir(file: Int, buffer: Int, length: Int, cookie: Long, used: Int): Int

@WasmImport(PREVIEW1, "proc_exit")
private external fun proc_exit(code: Int)
