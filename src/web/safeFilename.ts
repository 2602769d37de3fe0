/*
 * A name that a client sent, as a name that a file may have here, and on every other system.
 *
 * Limits: says nothing of whether there is such a file already, nor of what is in it.
 */

/** And those that turn the direction of text around: `exe.pdf` may be `fdp.exe` with one. */
const HIDDEN = /[\p{Cc}\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
const FORBIDDEN = /[<>:"|?*]/g;
/** Windows opens its devices under these, whatever the extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;
const MOST_BYTES = 255;

/**
 * A name for a file, made from what a client says: no folders, no control characters, none of Windows' devices, no dot
 * at the beginning, none at the end, at most 255 bytes.
 *
 * @returns `file` when nothing is left
 *
 * @example
 * ```ts
 * import { safeFilename } from "ambit/web";
 *
 * safeFilename("../../etc/passwd"); // => "passwd"
 * safeFilename("C:\\photos\\Zoë?.jpg"); // => "Zoë_.jpg"
 * safeFilename(".."); // => "file"
 * ```
 */
export function safeFilename(name: string): string {
  const whole = Buffer.from(name).toString().normalize("NFC").replaceAll(HIDDEN, "");
  const last = whole.slice(Math.max(whole.lastIndexOf("/"), whole.lastIndexOf("\\")) + 1);
  const plain = last.replaceAll(FORBIDDEN, "_").replace(/^[\s.]+/, "");
  const short = shortened(plain).replace(/[\s.]+$/, "");
  if (short === "") return "file";
  return DEVICE.test(short) ? shortened(`_${short}`) : short;
}

/** Cut before the extension, and between characters. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name;
  const [extension] = /\.[A-Za-z0-9]{1,16}$/.exec(name) ?? [""];
  let most = MOST_BYTES - extension.length;
  let cut = "";
  for (const character of name.slice(0, name.length - extension.length)) {
    most -= Buffer.byteLength(character);
    if (most < 0) break;
    cut += character;
  }
  return cut + extension;
}
