/*
 * In a worker: a reference becomes the function again.
 */
import type { Callable, Reference } from "./reference.ts";

/**
 * Imports the module and takes the export.
 * @throws TypeError when the module has none of that name; whatever importing it throws
 * @internal
 */
export async function exported({ url, name }: Reference): Promise<Callable> {
  let found: unknown = await import(url);
  for (const step of name.split("."))
    found = (found as Record<string, unknown> | undefined)?.[step];
  if (typeof found !== "function") throw new TypeError(`${url} exports no function '${name}'`);
  return found as Callable;
}
