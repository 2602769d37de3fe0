// Errors of every kind, thrown on other threads: what comes back of them is looked at in `thrownErrors.test.ts`.
import { readFileSync } from "node:fs";
import { QueueFull, taskGroup, TimeoutError } from "../../dist/index.js";

export class NotFound extends Error {
  /** @param {string} path */
  constructor(path) {
    super(`no ${path}`);
    this.path = path;
  }

  /** @override */
  get name() {
    return "NotFound";
  }

  describe() {
    return `${this.path} is not there`;
  }
}

class Renamed extends NotFound {}
export { Renamed as GivenAnotherName };

class NotExported extends NotFound {}

/** @param {string} path */
export function throwNotFound(path) {
  throw new NotFound(path);
}

export function throwRenamed() {
  throw new Renamed("renamed");
}

export function throwNotExported() {
  throw new NotExported("hidden");
}

export function throwWithCauses() {
  const first = new NotFound("inner");
  throw new Error("outer", { cause: new RangeError("middle", { cause: first }) });
}

export function throwCircle() {
  const error = new Error("round");
  error.cause = error;
  throw error;
}

export function throwMany() {
  throw new AggregateError([new NotFound("a"), new TypeError("b"), "c"], "many");
}

export const readMissing = () => readFileSync("/nowhere/at/all");

export async function throwAbort() {
  const controller = new AbortController();
  controller.abort();
  controller.signal.throwIfAborted();
}

export function throwTimeout() {
  throw new TimeoutError("too slow", 5);
}

export function throwQueueFull() {
  throw new QueueFull("full");
}

/** An error inside of another's own fields, and what can't be cloned beside it. */
export function throwWithFields() {
  throw Object.assign(new Error("fields"), {
    tries: [new NotFound("first"), new NotFound("second")],
    when: new Date(5),
    callback: () => 1,
    [Symbol.for("secret")]: 1,
  });
}

/** @param {unknown} thrown */
export function throwThis(thrown) {
  throw thrown;
}

export function throwFunction() {
  throwThis(() => 1);
}

export async function throwFromGroup() {
  await taskGroup(async (group) => {
    group.spawn(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new NotFound("sibling");
    });
    throw new Error("first");
  });
}

/** @param {number} depth */
export function throwDeep(depth) {
  if (depth === 0) throw new NotFound("deep down");
  throwDeep(depth - 1);
}
