/*
 * Names of files: what a server or a URL says, made harmless; what a user wrote, checked.
 *
 * Strategy: a part of a path (between two `/`) that comes from outside is mended, and gives the same
 * name on every system: what one of them forbids is replaced on all. A path that the user wrote is
 * not touched: it is refused when it leads out of the folder or cannot be a file.
 */
import { Failure } from "./failure.ts";

/** As many bytes as a name may have on the usual file systems, less those of `.part`. */
const LONGEST = 255 - ".part".length;

/** What no name has: controls, what Windows forbids, what turns the direction of writing around. */
const FORBIDDEN = /[\p{Cc}<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** Half a character: no UTF-8 can be made of it. */
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Devices of Windows; an extension does not help. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)/i;

/** One part of a path, made harmless; never empty, `.` or `..`. @internal */
export function safeName(text: string): string {
  const plain = text.replace(LONE, "_").replace(FORBIDDEN, "_").trimStart();
  // Windows drops dots and spaces at the end, so that two names would be one; `..` is gone, too.
  const name = plain.replace(/[. ]+$/, "");
  if (name === "") return "_";
  return shortened(DEVICE.test(name) ? `_${name}` : name);
}

/** A name that a server gives: not hidden either, so that none gets at a `.profile`. @internal */
export function safeServerName(text: string): string {
  return safeName(text).replace(/^\.+/, "_");
}

/** At most as many bytes as a name may have; the extension stays. */
function shortened(name: string): string {
  if (name.length * 3 <= LONGEST || Buffer.byteLength(name) <= LONGEST) return name;
  const [stem, extension] = stemAndExtension(name);
  const ending = Buffer.byteLength(extension) <= 32 ? extension : "";
  const room = LONGEST - Buffer.byteLength(ending);
  const start = ending === "" ? name : stem;
  return cut(start, room).replace(/[. ]+$/, "") + ending;
}

function cut(text: string, bytes: number): string {
  let size = 0;
  let end = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** `["archive.tar", ".gz"]`: a dot at the start begins no extension. @internal */
export function stemAndExtension(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
}

/**
 * A path that a user wrote, without what says nothing (`./`, `//`).
 *
 * @param windows whether `\` and drives mean something
 * @throws Failure of kind `name`
 * @internal
 */
export function checkedPath(
  output: string,
  windows: boolean = process.platform === "win32",
): string {
  const text = windows ? output.replaceAll("\\", "/") : output;
  if (text.startsWith("/") || (windows && /^[a-z]:/i.test(text)))
    throw refused(output, "is no path below the folder");
  if (text === "" || text.endsWith("/")) throw refused(output, "names no file");
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) throw refused(output, "names no file");
  for (const part of parts) {
    if (part === "..") throw refused(output, "leads out of the folder");
    if (/\p{Cc}/u.test(part)) throw refused(output, "has control characters in it");
    if (Buffer.byteLength(part) > LONGEST) throw refused(output, "is too long");
    if (windows && safeName(part) !== part) throw refused(output, "is no name on Windows");
  }
  return parts.join("/");
}

function refused(output: string, words: string): Failure {
  return new Failure("name", `the output ${JSON.stringify(output)} ${words}`);
}
