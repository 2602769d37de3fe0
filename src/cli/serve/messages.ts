/*
 * What the supervisor and its workers tell each other, over the channel that Node keeps between them.
 *
 * Strategy: small objects with one tag, apart from whatever a program sends over the same channel; anything else is left
 * alone. The worker's side runs the program's code, so the supervisor looks at what comes before it believes it.
 */
import type { DrainOptions } from "./servedApp.ts";
import type { ServeOrder, WorkerCounters, WorkerReport } from "../../web/workerLink.ts";

/** From a worker. */
export type FromWorker =
  /** It serves. */
  | { readonly ambit: "ready"; readonly url: string }
  /** It will not; `usage` when the command line is to blame. */
  | {
      readonly ambit: "failed";
      readonly line: string;
      readonly detail: string;
      readonly usage: boolean;
    }
  /** It wants another in its place: it has served enough, or was told to stop by somebody else. */
  | { readonly ambit: "retiring"; readonly why: string }
  /** It has answered all that it was asked; it waits for `leave`. */
  | { readonly ambit: "drained" }
  /** Folders that it loaded code from. */
  | { readonly ambit: "folders"; readonly folders: readonly string[] }
  /** Answers `count`. */
  | { readonly ambit: "counted"; readonly id: number; readonly counters: WorkerCounters }
  /** Asks for the reports of all. */
  | { readonly ambit: "gather"; readonly id: number }
  | { readonly ambit: "order"; readonly id: number; readonly order: ServeOrder };

/** To a worker. */
export type ToWorker =
  /** Stop listening, answer what was asked; times are milliseconds. */
  | ({ readonly ambit: "drain" } & DrainOptions)
  /** No connection is on its way to it any more. */
  | { readonly ambit: "leave" }
  | { readonly ambit: "count"; readonly id: number }
  | { readonly ambit: "gathered"; readonly id: number; readonly reports: readonly WorkerReport[] }
  | { readonly ambit: "ordered"; readonly id: number };

type Checks = {
  readonly [Kind in FromWorker["ambit"]]: (message: Record<string, unknown>) => boolean;
};

const has =
  (type: "string" | "number" | "boolean" | "object", ...names: readonly string[]) =>
  (message: Record<string, unknown>): boolean =>
    // oxlint-disable-next-line valid-typeof -- the type says which there are
    names.every((name) => typeof message[name] === type && message[name] !== null);

const ORDERS: readonly unknown[] = ["restart", "more", "fewer"] satisfies ServeOrder[];

const CHECKS: Checks = {
  ready: has("string", "url"),
  failed: (message) => has("string", "line", "detail")(message) && has("boolean", "usage")(message),
  retiring: has("string", "why"),
  drained: () => true,
  folders: ({ folders }) =>
    Array.isArray(folders) && folders.every((folder) => typeof folder === "string"),
  counted: (message) => has("number", "id")(message) && has("object", "counters")(message),
  gather: has("number", "id"),
  order: (message) => has("number", "id")(message) && ORDERS.includes(message["order"]),
};

/** What a worker sent, if it is meant for its supervisor. */
export function fromWorker(message: unknown): FromWorker | null {
  const kind = kindOf(message);
  if (kind === null || !Object.hasOwn(CHECKS, kind)) return null;
  const record = message as Record<string, unknown>;
  return CHECKS[kind as FromWorker["ambit"]](record) ? (message as FromWorker) : null;
}

/** What the supervisor sent, if it is meant for the worker's own side. */
export function toWorker(message: unknown): ToWorker | null {
  return kindOf(message) === null ? null : (message as ToWorker);
}

function kindOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null) return null;
  const { ambit } = message as { readonly ambit?: unknown };
  return typeof ambit === "string" ? ambit : null;
}
