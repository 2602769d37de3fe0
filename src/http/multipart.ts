/*
 * Multipart bodies, part by part: what FormData cannot do. Files by their path, streams, headers of a
 * part, parts of parts.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { type BodyInput, bodyOf } from "./bodyInput.ts";
import { BufferedBody } from "./bufferedBody.ts";
import { fileBody, type FileBodyOptions } from "./fileBody.ts";
import { MultipartBody, type Part } from "./multipartBody.ts";
import { checkedBoundary, multipartType, randomBoundary } from "./multipartBoundary.ts";
import { partHead, type PartOptions } from "./multipartHead.ts";
import type { RequestBody } from "./requestBody.ts";

/** How a multipart body is made. */
export interface MultipartOptions {
  /** `"form-data"` (default), or such as `"mixed"` and `"related"`. */
  readonly subtype?: string;
  /** In place of a random one; nothing checks that no part contains it. */
  readonly boundary?: string;
}

/**
 * A multipart body (`aiohttp.FormData`, `aiohttp.MultipartWriter`), to be given as `body`.
 *
 * Parts are sent in the order in which they were added; files and streams are read while they are
 * sent. If the length of every part is known, the server is told that of the whole. It can be sent
 * again if every part can. Once it was sent, no part can be added.
 *
 * The boundary is random; contents are not searched for it.
 *
 * @example
 * ```ts
 * import { Multipart } from "ambit/http";
 *
 * const form = new Multipart()
 *   .field("title", "My package")
 *   .file("manifest", "package.json", { contentType: "application/json" })
 *   .part("notes", "fine", { filename: "notes.txt" });
 * form.contentType.split(";")[0]; // => "multipart/form-data"
 * form.replayable; // => true
 * ```
 */
export class Multipart implements RequestBody {
  /** The line that parts the parts, without the dashes. */
  readonly boundary: string;
  /** With the boundary. */
  readonly contentType: string;
  readonly #subtype: string;
  readonly #parts: Part[] = [];
  #sent = false;

  /**
   * @throws RangeError when the boundary is none
   * @throws TypeError when the subtype is no token
   */
  constructor(options: MultipartOptions = {}) {
    const { subtype = "form-data", boundary = randomBoundary() } = options;
    if (typeof subtype !== "string" || !/^[\w.+-]+$/.test(subtype))
      throw wrongType("options.subtype", "a token such as `mixed`", subtype);
    this.boundary = checkedBoundary(boundary);
    this.contentType = multipartType(subtype, boundary);
    this.#subtype = subtype;
  }

  /** How many parts there are. */
  get size(): number {
    return this.#parts.length;
  }

  /** In bytes; null when that of a part is not known. */
  get length(): number | null {
    return this.#body.length;
  }

  /** Whether every part can be sent again. */
  get replayable(): boolean {
    return this.#body.replayable;
  }

  get #body(): MultipartBody {
    return new MultipartBody(this.#subtype, this.boundary, this.#parts);
  }

  /** Adds a field of a form: text, as it is. */
  field(name: string, value: string | number | boolean, options: PartOptions = {}): this {
    if (!["string", "number", "boolean"].includes(typeof value))
      throw wrongType(
        `field ${name}`,
        "a string, a number or a boolean (use `part` for others)",
        value,
      );
    return this.part(name, new BufferedBody(String(value), null), options);
  }

  /**
   * Adds a file by its path. Its name is sent as `filename` unless another is given, its type is
   * `application/octet-stream` unless `contentType` says it.
   *
   * @throws Error of Node's (`ENOENT`, …) when there is no such file; see {@link fileBody}
   */
  file(name: string, path: string | URL, options: FileBodyOptions & PartOptions = {}): this {
    const body = fileBody(path, { contentType: "application/octet-stream", ...options });
    return this.part(name, body, { filename: body.name, ...options });
  }

  /**
   * Adds a part with any content: whatever can be a body, another Multipart too. A File brings its
   * name, a Blob is called `blob`.
   *
   * @throws TypeError when the content can be no body, or a header cannot be sent
   * @throws InvalidStateError when it was sent
   */
  part(name: string, content: BodyInput, options: PartOptions = {}): this {
    if (typeof name !== "string") throw wrongType("name", "a string", name);
    const own = content instanceof Blob ? { filename: filenameOf(content), ...options } : options;
    return this.#add(name, content, own);
  }

  /**
   * Adds a part without a name, as bodies other than forms have them.
   *
   * @throws RangeError when this is a form
   */
  append(content: BodyInput, options: PartOptions = {}): this {
    if (this.#subtype === "form-data")
      throw outOfRange(
        "options.subtype",
        "other than form-data: give the part a name (`part`)",
        "form-data",
      );
    return this.#add(null, content, options);
  }

  #add(name: string | null, content: BodyInput, options: PartOptions): this {
    if (this.#sent)
      throw new InvalidStateError(
        `part on ${this[INSPECT]()}: it was sent already; make a new one`,
      );
    if (content === this) throw new TypeError("Expected `content` to be another body, got itself");
    const body = bodyOf("content", content);
    this.#parts.push({ head: partHead(name, body, options), content: body });
    return this;
  }

  /** What is sent. */
  open(): Uint8Array | AsyncIterable<Uint8Array> {
    if (this.#sent && !this.replayable) {
      throw new TypeError(
        `open on ${this[INSPECT]()}: it was sent already, and it can be sent only once: give functions that make its streams`,
      );
    }
    this.#sent = true;
    return this.#body.open();
  }

  /** Lets go of streams that were never sent. */
  discard(): void {
    // Once it is on its way, who sends it closes what has not had its turn.
    if (!this.#sent) this.#body.discard();
  }

  /** @internal */
  [INSPECT](): string {
    return `<Multipart ${this.#subtype} parts=${this.size} ${this.#sent ? "sent" : "unsent"}>`;
  }
}

function filenameOf(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" ? blob.name : "blob";
}
