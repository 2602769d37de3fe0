/*
 * Messages between processes: structured clone's format, each with its length before it.
 *
 * Strategy: V8's serializer, as Node's own `advanced` channels use it; but a view of shared memory is refused, which
 * Node copies without a word, and a view that arrives is alone on its buffer.
 */
import { DefaultDeserializer, DefaultSerializer } from "node:v8";
import { isSharedArrayBuffer } from "node:util/types";
import { canBe } from "./cloning.ts";
import type { Medium } from "./medium.ts";

/** Of the length. */
const HEADER = 4;

/** What @types/node leaves out: how views are written and read. */
interface HostObjects {
  _writeHostObject(value: object): void;
  _readHostObject(): NodeJS.ArrayBufferView;
}
const { _writeHostObject: writeView } = DefaultSerializer.prototype as unknown as HostObjects;
const { _readHostObject: readView } = DefaultDeserializer.prototype as unknown as HostObjects;

class Writer extends DefaultSerializer {
  _writeHostObject(value: object): void {
    if (ArrayBuffer.isView(value) && isSharedArrayBuffer(value.buffer))
      throw new TypeError("memory cannot be shared with another process (SharedArrayBuffer)");
    writeView.call(this, value);
  }
}

class Reader extends DefaultDeserializer {
  _readHostObject(): NodeJS.ArrayBufferView {
    const view = readView.call(this);
    if (Buffer.isBuffer(view)) return Buffer.from(view);
    if (view.buffer.byteLength === view.byteLength) return view;
    if (!(view instanceof DataView)) return (view as Uint8Array).slice();
    const { buffer, byteOffset, byteLength } = view;
    return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
  }
}

/** A message as it goes over the pipe. @throws when something in it cannot be cloned @internal */
export function frame(message: unknown): Buffer {
  const writer = new Writer();
  writer.writeRawBytes(new Uint8Array(HEADER));
  writer.writeHeader();
  writer.writeValue(message);
  const bytes = writer.releaseBuffer();
  bytes.writeUInt32LE(bytes.byteLength - HEADER, 0);
  return bytes;
}

/** Between processes: everything is copied. @internal */
export const BETWEEN_PROCESSES: Medium = {
  noun: "process",
  moves: false,
  takes: (value) => canBe(frame, value),
};

/** Makes messages of what comes through a pipe, cut anywhere. @internal */
export class FrameReader {
  readonly #hear: (message: unknown) => void;
  #parts: Buffer[] = [];
  #size = 0;
  /** How many bytes there must be before anything can be read. */
  #wanted = HEADER;

  constructor(hear: (message: unknown) => void) {
    this.#hear = hear;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#size += part.byteLength;
    if (this.#size < this.#wanted) return;
    let all = this.#parts.length === 1 ? part : Buffer.concat(this.#parts, this.#size);
    this.#wanted = wantedOf(all);
    while (all.byteLength >= this.#wanted) {
      const body = all.subarray(HEADER, this.#wanted);
      all = all.subarray(this.#wanted);
      this.#wanted = wantedOf(all);
      this.#hear(messageIn(body));
    }
    this.#parts = all.byteLength === 0 ? [] : [all];
    this.#size = all.byteLength;
  }
}

function wantedOf(bytes: Buffer): number {
  return bytes.byteLength < HEADER ? HEADER : HEADER + bytes.readUInt32LE(0);
}

function messageIn(body: Buffer): unknown {
  const reader = new Reader(body);
  reader.readHeader();
  return reader.readValue();
}
