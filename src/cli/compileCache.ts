/*
 * Node's cache of compiled code, where there is one (Node.js 22.1 and newer).
 */
import module from "node:module";

/**
 * Has modules that are loaded from now on compiled once, and kept on disk: in `NODE_COMPILE_CACHE`,
 * or in a folder of the system's for temporary files. `NODE_DISABLE_COMPILE_CACHE=1` forbids it.
 */
export function enableCompileCache(): void {
  (module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
}
