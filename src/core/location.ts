/*
 * Where a function is written: `file:line`.
 *
 * Strategy: V8 knows, and its inspector tells, in process and without opening a port. Asked for only when something is
 * printed (an inspect, a task tree, a deadlock report), and remembered per function.
 * Limits: tells nothing for bound and native functions, nor where the runtime has no inspector (it then answers
 * undefined).
 */
import { createRequire } from "node:module";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Session } from "node:inspector";

interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
}

/** A function's module and line. @internal */
export interface Origin {
  /** As the runtime names the module: a `file:` URL, or a path for CommonJS. */
  readonly url: string;
  readonly line: number;
}

type Callable = (...args: never[]) => unknown;

const known = new WeakMap<Callable, Origin>();
const SLOT = "__ambitLocate";

/** `examples/spinner.ts:12`, or undefined. @internal */
export function locationOf(callable: Callable): string | undefined {
  const origin = originOf(callable);
  return origin === undefined ? undefined : `${shortPath(origin.url)}:${origin.line}`;
}

/** Where the function is written, or undefined. @internal */
export function originOf(callable: Callable): Origin | undefined {
  const before = known.get(callable);
  if (before !== undefined) return before;
  const found = ask(callable);
  if (found !== undefined) known.set(callable, found);
  return found;
}

function ask(callable: Callable): Origin | undefined {
  const holder = globalThis as { [SLOT]?: Callable };
  let session: Session | undefined;
  try {
    session = open();
    holder[SLOT] = callable;
    return query(session);
  } catch {
    return undefined; // No inspector in this runtime: a location is a nicety.
  } finally {
    delete holder[SLOT];
    session?.disconnect();
  }
}

function open(): Session {
  const inspector = createRequire(import.meta.url)(
    "node:inspector",
  ) as typeof import("node:inspector");
  const session = new inspector.Session();
  session.connect();
  return session;
}

/** The inspector answers a session of its own process before `post` returns. */
function query(session: Session): Origin | undefined {
  const scripts = new Map<string, string>();
  let answer: Origin | undefined;
  session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
  session.post("Debugger.enable");
  session.post("Runtime.evaluate", { expression: SLOT }, (_error, found) => {
    const objectId = found?.result.objectId;
    if (objectId === undefined) return;
    session.post(
      "Runtime.getProperties",
      { objectId, ownProperties: true },
      (_failed, properties) => {
        const slot = properties?.internalProperties?.find(
          (at) => at.name === "[[FunctionLocation]]",
        );
        answer = origin(slot?.value?.value as Location | undefined, scripts);
      },
    );
  });
  session.post("Debugger.disable");
  return answer;
}

function origin(location: Location | undefined, scripts: Map<string, string>): Origin | undefined {
  if (location === undefined) return undefined;
  const url = scripts.get(location.scriptId);
  if (url === undefined || url === "") return undefined;
  return { url, line: location.lineNumber + 1 };
}

/** The URLs of the modules and scripts that this process has loaded; none where the runtime has no inspector. @internal */
export function scriptUrls(): ReadonlySet<string> {
  const urls = new Set<string>();
  let session: Session | undefined;
  try {
    session = open();
    session.on("Debugger.scriptParsed", ({ params }) => {
      const url = moduleUrl(params.url);
      if (url !== undefined) urls.add(url);
    });
    session.post("Debugger.enable");
    session.post("Debugger.disable");
  } catch {
    // No inspector in this runtime.
  } finally {
    session?.disconnect();
  }
  return urls;
}

/** A module's URL; CommonJS modules go by their path. Undefined for code that was evaluated. @internal */
export function moduleUrl(url: string): string | undefined {
  if (isAbsolute(url)) return pathToFileURL(url).href;
  return URL.canParse(url) ? url : undefined;
}

/** A file's name for people: relative to the working directory where it is inside. @internal */
export function shortPath(file: string): string {
  if (!file.startsWith("file:") && !isAbsolute(file)) return file;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}
