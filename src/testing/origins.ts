/*
 * Where timers, sockets and the like were made: asked for only when somebody looks for a leak.
 *
 * Strategy: an async hook notes the stack of each resource of the kinds wanted, and forgets it when Node destroys the
 * resource. That slows a program down, so it is on only where it is asked for.
 */
import { type AsyncHook, createHook } from "node:async_hooks";

interface Origin {
  readonly kind: string;
  readonly place: { stack?: string };
}

/** As an async hook calls what `getActiveResourcesInfo` calls by another name. */
const KINDS: Readonly<Record<string, string>> = {
  Timeout: "Timeout",
  Immediate: "Immediate",
  TCPSERVERWRAP: "TCPServerWrap",
  TCPWRAP: "TCPSocketWrap",
  UDPWRAP: "UDPWrap",
  PROCESSWRAP: "ProcessWrap",
};

/** The check's own. */
const OWN = /[\\/]testing[\\/]leaks\./;
/** Code of test runners. */
const RUNNER = /[\\/]node_modules[\\/](@?vitest|@?jest|tinypool)/;

/** @internal */
export class Origins {
  readonly #origins = new Map<number, Origin>();
  readonly #hook: AsyncHook;

  constructor() {
    this.#hook = createHook({
      init: (id, type) => this.#note(id, type),
      destroy: (id) => void this.#origins.delete(id),
    });
    this.#hook.enable();
  }

  #note(id: number, type: string): void {
    const kind = KINDS[type];
    if (kind === undefined) return;
    const place: { stack?: string } = {};
    Error.captureStackTrace(place);
    this.#origins.set(id, { kind, place });
  }

  /** The first frame of the user's of each resource of the kind that is still there, less what test runners make. */
  of(kind: string): string[] {
    const found = [...this.#origins.values()].filter((origin) => origin.kind === kind);
    const stacks = found.map(({ place }) => place.stack ?? "").filter((stack) => !OWN.test(stack));
    return stacks.map((stack) => userFrame(stack)).filter((at) => !RUNNER.test(at));
  }

  close(): void {
    this.#hook.disable();
  }
}

/** The first frame that lies neither in Node nor here. @internal */
export function userFrame(stack: string): string {
  const frames = stack.split("\n").slice(1);
  const own = frames.find(
    (frame) => !/node:|<anonymous>\)$|async_hooks|[\\/]testing[\\/](origins|leaks)\./.test(frame),
  );
  return (own ?? frames[0] ?? "").trim().replace(/^at /, "");
}
