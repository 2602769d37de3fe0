/*
 * A folder that files must not lie outside of, and the paths of visitors below it.
 *
 * Strategy: two gates. The text of a path is taken apart and refused when a segment could mean anything but a name. Then,
 * when the file is open, the system is asked where it really lies: a link that leads out is found there, and so is one
 * that was put in while we looked. On Linux the descriptor itself tells; elsewhere the path is resolved again, and must
 * lead to the file that was opened.
 * Limits: a hard link has no other place, and passes.
 */
import { readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { resolve, sep } from "node:path";
import { wrongType } from "../core/arguments.ts";

/** Whether names that begin with a dot are served. */
export type Dotfiles = "ignore" | "allow";

/** Names that mean a device to Windows, wherever they stand. */
const WINDOWS = /[:*?"<>|]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** @internal */
export class Root {
  /** Absolute. */
  readonly path: string;
  /** With all links followed, when it was last looked at. */
  #real: string | null = null;

  constructor(name: string, path: unknown) {
    if (typeof path !== "string" || path === "" || path.includes("\0"))
      throw wrongType(name, "the path of a folder", path);
    this.path = resolve(path);
  }

  /** Whether a real path lies in it. The folder itself may be a link that leads elsewhere than it did. */
  holds(real: string): boolean {
    if (this.#real !== null && isBelow(this.#real, real)) return true;
    this.#real = realpathSync.native(this.path);
    return isBelow(this.#real, real);
  }
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * The path of what a visitor asks for, below a root; null for what could never be served. One `/` at the end is allowed.
 * @param name decoded once; `/` between folders
 * @internal
 */
export function pathBelow(root: Root, name: string, dotfiles: Dotfiles): string | null {
  if (name.includes("\0") || name.includes("\\")) return null;
  if (name === "") return root.path;
  const segments = (name.endsWith("/") ? name.slice(0, -1) : name).split("/");
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") return null;
    if (dotfiles === "ignore" && segment.startsWith(".")) return null;
    if (sep === "\\" && WINDOWS.test(segment)) return null;
  }
  return (root.path.endsWith(sep) ? root.path : root.path + sep) + segments.join(sep);
}

/** Whether an open file lies outside, links followed. @internal */
export function leavesRoot(root: Root, path: string, descriptor: number, stats: Stats): boolean {
  return !root.holds(placeOf(descriptor) ?? placeByPath(path, stats) ?? "");
}

/** Null where the system has no such thing. */
function placeOf(descriptor: number): string | null {
  if (process.platform !== "linux") return null;
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return null;
  }
}

/** Null when the path leads elsewhere by now. */
function placeByPath(path: string, stats: Stats): string | null {
  const real = realpathSync.native(path);
  const { dev, ino } = statSync(real);
  return dev === stats.dev && ino === stats.ino ? real : null;
}
