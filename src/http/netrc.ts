/*
 * The netrc file: logins and passwords by host, shared by curl, ftp, git and aiohttp.
 *
 * Strategy: read once, when it is asked for; netrcEntries.ts takes it apart. Of several entries for a
 * host the first counts.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { basicHeader } from "./basicAuth.ts";
import type { Auth } from "./fixedAuth.ts";
import { netrcEntries, type NetrcEntry } from "./netrcEntries.ts";
import { hostOf } from "./setCookie.ts";

/**
 * Logins and passwords by host, from a netrc file. As the option `auth`, or with `netrc: true`, a
 * request gets those of its host.
 *
 * @example
 * ```ts
 * import { Netrc } from "ambit/http";
 *
 * const netrc = Netrc.parse('machine example.com login ada password "a b"');
 * netrc.lookup("example.com"); // => { login: "ada", password: "a b", account: "" }
 * netrc.lookup("www.example.com"); // => null
 * ```
 */
export class Netrc implements Auth {
  readonly #hosts: ReadonlyMap<string, NetrcEntry>;
  readonly #other: NetrcEntry | null;

  private constructor(hosts: ReadonlyMap<string, NetrcEntry>, other: NetrcEntry | null) {
    this.#hosts = hosts;
    this.#other = other;
  }

  /**
   * Takes a netrc file's text apart.
   *
   * @param name what errors call it
   * @throws SyntaxError when it is none
   */
  static parse(text: string, name = "netrc"): Netrc {
    const hosts = new Map<string, NetrcEntry>();
    let other: NetrcEntry | null = null;
    for (const { host, entry } of netrcEntries(text, name)) {
      if (host === null) other ??= entry;
      else if (!hosts.has(host)) hosts.set(host, entry);
    }
    return new Netrc(hosts, other);
  }

  /**
   * Reads a netrc file: that at `path`; otherwise the one that the environment variable `NETRC`
   * names; otherwise `.netrc` of the home directory (`_netrc` on Windows), which need not be there.
   *
   * @throws SyntaxError when it is none
   * @throws the file system's error, when a named file cannot be read
   */
  static load(path?: string): Netrc {
    const named = path ?? (process.env["NETRC"] || undefined);
    if (named !== undefined) return Netrc.parse(readFileSync(named, "utf8"), named);
    const usual = join(homedir(), process.platform === "win32" ? "_netrc" : ".netrc");
    return Netrc.parse(textIfThere(usual), usual);
  }

  /** What it says of a host, or by default; null for nothing. */
  lookup(host: string): NetrcEntry | null {
    return this.#hosts.get(host.toLowerCase()) ?? this.#other;
  }

  /** Basic authentication for the URL's host, or null. */
  authorization(url: URL): string | null {
    const entry = this.lookup(hostOf(url));
    return entry === null || entry.login === "" ? null : basicHeader(entry.login, entry.password);
  }

  /** @internal */
  [INSPECT](): string {
    return `<Netrc hosts=${this.#hosts.size}${this.#other === null ? "" : " default"}>`;
  }
}

/** The option `netrc` of a session. @internal */
export function netrcOf(input: boolean | string | Netrc | undefined): Netrc | null {
  if (input === undefined || input === false) return null;
  if (input instanceof Netrc) return input;
  if (input === true || typeof input === "string")
    return Netrc.load(input === true ? undefined : input);
  throw wrongType("options.netrc", "true, false, a path or a Netrc", input);
}

function textIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
