/**
 * What `ambit info` tells: the facts that head a notebook or a bug report.
 *
 * Everything is read when asked, from Node and from /etc/os-release; nothing is measured and
 * nothing leaves the machine. How the ambient scope is kept is found out, not guessed from the
 * version, since flags can switch it on most lines of Node.js: AsyncLocalStorage on async_hooks
 * keeps its store under a key of its own instance, and the one on AsyncContextFrame has no such
 * key.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";

/** The facts of `ambit info`, as `--json` prints them. */
export interface SystemInfo {
  readonly ambit: string;
  readonly runtime: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly system: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly ambientScope: string;
}

/** Collects the facts about this process and its machine. */
export function systemInfo(): SystemInfo {
  return {
    ambit: ambitVersion(),
    runtime: runtimeName(process.versions),
    versions: componentVersions(process.versions),
    system: systemName(),
    kernel: `${type()} ${release()}`,
    architecture: arch(),
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() || "unknown",
    memoryBytes: totalmem(),
    ambientScope: ambientScopeKeeper(),
  };
}

/** The facts as lines for people, aligned. */
export function formatSystemInfo(info: SystemInfo): string {
  const versions = Object.entries(info.versions).map(([name, version]) => `${name} ${version}`);
  const rows: readonly (readonly [string, string])[] = [
    ["Ambit", info.ambit],
    ["Runtime", info.runtime],
    ["Versions", versions.join(", ")],
    ["System", `${info.system} (${info.architecture})`],
    ["Kernel", info.kernel],
    ["CPUs", `${info.cpus} (${info.cpuModel})`],
    ["Memory", `${(info.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ["Ambient scope", info.ambientScope],
  ];
  return rows.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join("");
}

/** The version of this copy of Ambit. */
export function ambitVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Bun and Deno also claim to be a Node.js, so they are asked first. */
function runtimeName(versions: NodeJS.ProcessVersions): string {
  if (versions["bun"] !== undefined) return `Bun ${versions["bun"]}`;
  if (versions["deno"] !== undefined) return `Deno ${versions["deno"]}`;
  return `Node.js ${versions.node}`;
}

function componentVersions(versions: NodeJS.ProcessVersions): Record<string, string> {
  const wanted = ["node", "v8", "uv", "openssl", "undici"];
  const known = wanted.map((name) => [name, versions[name]] as const);
  return Object.fromEntries(known.filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** The distribution's own name where there is one, such as `Debian GNU/Linux 12 (bookworm)`. */
function systemName(): string {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(text)?.[1] ?? type();
  } catch {
    return type(); // no such file: not a Linux
  }
}

function ambientScopeKeeper(): string {
  const onHooks = Object.hasOwn(new AsyncLocalStorage(), "kResourceStore");
  return `AsyncLocalStorage on ${onHooks ? "async_hooks" : "AsyncContextFrame"}`;
}
