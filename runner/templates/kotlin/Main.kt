/** What the plugin is. */
fun describe() = Manifest(
    name = "{{name}}",
    version = "0.1.0",
    summary = "Greet somebody",
    arguments = listOf(
        ArgumentSpec(
            name = "name",
            help = "Whom to greet",
            shape = ArgumentShape.Positional(ValueSpec(ValueType.Text, default = "world")),
        ),
        ArgumentSpec(
            name = "greeting",
            help = "What to say",
            shape = ArgumentShape.Option(ValueSpec(ValueType.Text, default = "Hello", placeholder = "TEXT")),
            configurationKey = "greeting",
        ),
        ArgumentSpec(
            name = "from",
            help = "Take the name from this file",
            shape = ArgumentShape.Option(ValueSpec(ValueType.Path(PathKind.FILE, PathAccess.READ), placeholder = "FILE")),
        ),
        ArgumentSpec(name = "loud", help = "Greet in capitals", shape = ArgumentShape.Flag),
    ),
)

/** Greets; the result is the exit code. */
fun run(invocation: Invocation): Int {
    val name = invocation["from"].path?.let(::nameIn) ?: invocation["name"].text.orEmpty()
    if (name.isEmpty()) throw Failure(FailureKind.USAGE, "there is nobody to greet")

    log(Level.INFO, "greeting", "name" to name)
    progress("greeting", 1, 1)

    val line = "${invocation["greeting"].text}, $name!"
    println(if (invocation["loud"].flag) line.uppercase() else line)
    return 0
}

private fun nameIn(path: String): String = try {
    readFile(path).decodeToString().trim()
} catch (error: SystemError) {
    throw Failure(FailureKind.FAILED, "cannot read $path: ${error.message}", "name a text file")
}
