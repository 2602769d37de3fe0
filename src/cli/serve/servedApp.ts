/*
 * What `ambit serve` needs of an application: to start it, to hear of its answers, and to end it without haste.
 *
 * Strategy: told by its shape, not by its class. The command and the program may each have a copy of Ambit (one installed
 * for all, one beside the program), whose classes are not the same.
 */

import type { AnswerListener } from "../../web/answerRecord.ts";

/** Where and how it listens. */
export interface StartOptions {
  readonly host?: string;
  readonly port?: number;
  /** A Unix socket. */
  readonly path?: string;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** How it ends. Times are milliseconds. */
export interface DrainOptions {
  /** How long what is under way may go on; then it is cancelled. */
  readonly timeout: number;
  /** How long to serve on before, telling whoever asks that it is about to stop. */
  readonly lameDuck: number;
  /** How long idle connections stay open, once it listens no more, that a request may be on its way on. */
  readonly idleGrace: number;
}

/** An application that listens. */
export interface ServedServer {
  /** Read when it listens on a port. */
  readonly url: string;
  drain(options: DrainOptions): Promise<unknown>;
  /** Waits until it has stopped, whoever stops it. */
  stopped?(): Promise<unknown>;
}

/** An application that can be served. */
export interface ServedApp {
  start(options: StartOptions): Promise<ServedServer>;
  /** Has the listener called at the end of each answer. */
  onAnswer?(listener: AnswerListener): unknown;
  debug?: boolean;
}

/** Whether a module exports something that can be served. */
export function isServedApp(value: unknown): value is ServedApp {
  return (
    typeof value === "object" && value !== null && typeof (value as ServedApp).start === "function"
  );
}
