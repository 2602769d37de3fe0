/*
 * What keeps Node's event loop alive, counted by kind and described one by one.
 *
 * Strategy: the counts are `process.getActiveResourcesInfo()`, which Node documents; who exactly it is comes from
 * `process._getActiveHandles()`, which it does not, and which may be gone one day: then only the descriptions are.
 * Limits: pipes are left out, for test runners talk over some of their own.
 */
import type { ChildProcess } from "node:child_process";
import type { AddressInfo, Server, Socket } from "node:net";

/** As Node names them. @internal */
export const HANDLE_KINDS = [
  "Timeout",
  "Immediate",
  "TCPServerWrap",
  "TCPSocketWrap",
  "UDPWrap",
  "ProcessWrap",
] as const;

/** Not documented, see above. */
const ASK = "_getActiveHandles";

const PLAIN: Readonly<Record<string, string>> = {
  Timeout: "a timer",
  Immediate: "an immediate",
  TCPServerWrap: "a server",
  TCPSocketWrap: "a socket",
  UDPWrap: "a datagram socket",
  ProcessWrap: "a child process",
};

/** How many there are of each kind. @internal */
export function countHandles(): Map<string, number> {
  const active = process.getActiveResourcesInfo();
  return new Map(HANDLE_KINDS.map((kind) => [kind, active.filter((each) => each === kind).length]));
}

/** A server, socket or child process, by its kind. @internal */
export interface Handle {
  readonly kind: string;
  readonly words: string;
}

/** Those that Node can point at. @internal */
export function describedHandles(): Map<object, Handle> {
  const ask = (process as unknown as Record<string, (() => object[]) | undefined>)[ASK];
  const found = new Map<object, Handle>();
  for (const handle of ask?.call(process) ?? []) {
    const described = describe(handle);
    if (described !== null) found.set(handle, described);
  }
  return found;
}

/** `a timer`. @internal */
export function kindWords(kind: string): string {
  return PLAIN[kind] ?? kind;
}

function describe(handle: object): Handle | null {
  const wrap = (handle as Record<string, object | null | undefined>)["_handle"]?.constructor.name;
  if (wrap === "TCP")
    return "listen" in handle ? server(handle as Server) : socket(handle as Socket);
  if (wrap === "Process") return child(handle as ChildProcess);
  return null;
}

function server(handle: Server): Handle {
  const address = handle.address() as AddressInfo | null;
  const where = address === null ? "" : ` listening on ${address.address}:${address.port}`;
  return { kind: "TCPServerWrap", words: `a server${where}` };
}

function socket({ localAddress, localPort, remoteAddress, remotePort }: Socket): Handle {
  const ends = `${localAddress ?? "?"}:${localPort ?? "?"} to ${remoteAddress ?? "?"}:${remotePort ?? "?"}`;
  return { kind: "TCPSocketWrap", words: `a socket from ${ends}` };
}

function child({ pid, spawnargs }: ChildProcess): Handle {
  const words = `a child process (pid ${pid ?? "?"}): ${(spawnargs ?? []).join(" ")}`;
  return { kind: "ProcessWrap", words: words.length > 120 ? `${words.slice(0, 117)}...` : words };
}
