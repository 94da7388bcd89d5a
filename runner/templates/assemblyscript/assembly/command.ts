import {
  ArgumentSpec, FailureKind, Field, Invocation, Level, Manifest, Outcome, PathAccess, PathKind, ValueSpec, log, progress,
} from "./contract";
import { failure, readFile } from "./wasi";

/** What the plugin is. */
export function describe(): Manifest {
  return new Manifest("{{name}}", "0.1.0", "Greet somebody", [
    ArgumentSpec.positional("name", "Whom to greet", ValueSpec.text().withDefault("world")),
    ArgumentSpec.option("greeting", "What to say", ValueSpec.text().withDefault("Hello").withPlaceholder("TEXT"))
      .withConfigurationKey("greeting"),
    ArgumentSpec.option(
      "from", "Take the name from this file", ValueSpec.path(PathKind.File, PathAccess.Read).withPlaceholder("FILE"),
    ),
    ArgumentSpec.flag("loud", "Greet in capitals"),
  ]);
}

/** Greets. */
export function run(invocation: Invocation): Outcome {
  let name = invocation.argument("name").text;
  const from = invocation.argument("from");
  if (from.given) {
    const content = readFile(from.text);
    if (failure) {
      return Outcome.failure(FailureKind.Failed, `cannot read ${from.text}: ${failure!}`, "name a text file");
    }
    name = String.UTF8.decodeUnsafe(content.dataStart, content.length).trim();
  }
  if (name.length == 0) return Outcome.failure(FailureKind.Usage, "there is nobody to greet");

  log(Level.Info, "greeting", [new Field("name", name)]);
  progress("greeting", 1, 1);

  const line = `${invocation.argument("greeting").text}, ${name}!`;
  console.log(invocation.argument("loud").flag ? line.toUpperCase() : line);
  return Outcome.ok();
}
