// What the module exports. There is nothing to edit here.
export { cabi_realloc, describe, run } from "./contract";
