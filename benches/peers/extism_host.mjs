// Loads a plugin into Extism's host for Node and calls it: what the start of its least host takes.
// Usage: node extism_host.mjs DIRECTORY-OF-NODE-MODULES MODULE
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, module] = process.argv.slice(2);
const { default: createPlugin } = await import(pathToFileURL(`${modules}/@extism/extism/dist/esm/mod.js`).href);
const plugin = await createPlugin({ wasm: [{ data: readFileSync(module) }] }, { useWasi: false });
await plugin.call("hello", "");
console.log("Hello, world!");
