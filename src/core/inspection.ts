/*
 * The method name under which an object tells `util.inspect` how to print it.
 */

/** @internal */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
