/*
 * Upload: a file that came in a form.
 *
 * Strategy: a small one stays in memory, a larger one waits in a temporary file, so that a hundred clients with large
 * files need no memory for them. Either way it is there until the request's task ends.
 */
import { dirname } from "node:path";
import { expectInteger, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { RequestHeaders } from "./requestHeaders.ts";
import { safeFilename } from "./safeFilename.ts";
import { TemporaryFile } from "./temporaryFile.ts";

/** Where an upload's bytes are. @internal */
export type UploadContent = Uint8Array | TemporaryFile;

/** What is known of an upload. @internal */
export interface UploadFacts {
  readonly name: string;
  readonly rawFilename: string;
  readonly type: string;
  readonly headers: RequestHeaders;
}

/** How an upload is saved. */
export interface SaveOptions {
  /** The permissions of the file. Default `0o644`. */
  readonly mode?: number;
}

const PIECE = 64 * 1024;

/** A file that came in a form; there until the request's task ends. An async iterable of its bytes. */
export class Upload implements AsyncIterable<Uint8Array> {
  /** The name of the form's field. */
  readonly name: string;
  /** What the client calls the file, made safe: see {@link safeFilename}. Two uploads may have the same. */
  readonly filename: string;
  /** What the client calls the file, as it was sent: maybe with folders. */
  readonly rawFilename: string;
  /** What the client says that it is; `application/octet-stream` when it says nothing. Not to be believed. */
  readonly type: string;
  /** The headers of its part. */
  readonly headers: RequestHeaders;
  /** In bytes. */
  readonly size: number;
  readonly #content: UploadContent;

  /** @internal */
  constructor(facts: UploadFacts, content: UploadContent) {
    this.name = facts.name;
    this.rawFilename = facts.rawFilename;
    this.filename = safeFilename(facts.rawFilename);
    this.type = facts.type;
    this.headers = facts.headers;
    this.#content = content;
    this.size = content instanceof TemporaryFile ? content.size : content.length;
  }

  /** Whether it is in memory, and not in a temporary file. */
  get inMemory(): boolean {
    return !(this.#content instanceof TemporaryFile);
  }

  /**
   * All of it.
   *
   * **Cancellation:** nothing is lost.
   */
  async bytes(): Promise<Uint8Array> {
    const content = this.#content;
    if (!(content instanceof TemporaryFile)) return content;
    const whole = Buffer.allocUnsafe(content.size);
    let filled = 0;
    while (filled < whole.length) {
      const count = await content.read(whole.subarray(filled), filled);
      if (count === 0) break;
      filled += count;
    }
    return whole.subarray(0, filled);
  }

  /** All of it as UTF-8. */
  async text(): Promise<string> {
    const bytes = await this.bytes();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  }

  /** Its bytes, in pieces of at most 64 KiB. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const content = this.#content;
    if (!(content instanceof TemporaryFile)) {
      if (content.length > 0) yield content;
      return;
    }
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafe(PIECE);
      const count = await content.read(buffer, position);
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  }

  /**
   * Saves it. The file is there as a whole, or not at all: one that has that path already is replaced in one step.
   *
   * **Cancellation:** leaves nothing that is half written.
   *
   * @param path where; made from `filename`, not from `rawFilename`
   * @throws Error what the system says: ENOENT without the folder, ENOSPC
   */
  async saveTo(path: string, options: SaveOptions = {}): Promise<void> {
    if (typeof path !== "string" || path === "") throw wrongType("path", "a path", path);
    const { mode = 0o644 } = options;
    expectInteger("options.mode", mode, 0);
    const content = this.#content;
    if (content instanceof TemporaryFile && !content.moved) {
      try {
        return await content.moveTo(path, mode);
      } catch (error) {
        // From one file system to another, nothing but a copy goes.
        if ((error as { code?: unknown }).code !== "EXDEV") throw error;
      }
    }
    await this.#copyTo(path, mode);
  }

  /** The names alone: what is in it may be private. @internal */
  [INSPECT](): string {
    return `Upload { ${this.name}: ${JSON.stringify(this.filename)}, ${this.type}, ${this.size} bytes }`;
  }

  async #copyTo(path: string, mode: number): Promise<void> {
    const copy = await TemporaryFile.create(dirname(path), null);
    try {
      for await (const piece of this) await copy.write(piece);
      await copy.moveTo(path, mode);
    } finally {
      copy.remove();
    }
  }
}
