/*
 * Chunks through one of Node's compressors.
 *
 * Strategy: no pipe. What the compressor has ready is read; when it has nothing and takes more, it is
 * given the next chunk. So the source is asked for a chunk only when the compressor has swallowed the
 * last and the network has taken what came of it: back-pressure goes through.
 */
import type { Transform } from "node:stream";
import { suspend } from "../core/suspend.ts";
import { BodyChunks } from "./bodyChunks.ts";
import { MeasuredChunks } from "./measuredChunks.ts";

/** What `createGzip` and its like make. @internal */
export type Compressor = Transform;

/** @internal */
export class CompressedChunks extends BodyChunks {
  readonly #source: BodyChunks;
  readonly #compressor: Compressor;
  /** True while it works on a chunk. */
  #working = false;
  #failure: Error | null = null;
  /** Called when anything about the compressor has changed. */
  #notify: (() => void) | null = null;

  /** `length` is that of the source, which it has to keep, if it is known. */
  constructor(source: BodyChunks, length: number | null, compressor: Compressor) {
    super();
    this.#source = length === null ? source : new MeasuredChunks(source, length, "its body");
    this.#compressor = compressor;
    compressor.on("readable", () => this.#notify?.());
    compressor.on("end", () => this.#notify?.());
    compressor.on("error", (error) => {
      this.#failure = error;
      this.#notify?.();
    });
  }

  protected async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const piece = this.#compressor.read() as Uint8Array | null;
      if (piece !== null) return piece;
      if (this.#compressor.readableEnded) return null;
      if (this.#working || this.#compressor.writableEnded) await this.#change();
      else await this.#feed();
    }
  }

  async #feed(): Promise<void> {
    const { done, value } = await this.#source.next();
    // Given up meanwhile.
    if (this.#compressor.destroyed) return;
    if (done === true) return void this.#compressor.end();
    this.#working = true;
    this.#compressor.write(value, () => {
      this.#working = false;
      this.#notify?.();
    });
  }

  #change(): Promise<void> {
    return suspend<void>(
      (wait) => {
        this.#notify = () => {
          this.#notify = null;
          wait.resolve();
        };
      },
      undefined,
      "compression",
    );
  }

  override get stuck(): boolean {
    return this.#source.stuck;
  }

  protected async close(): Promise<void> {
    this.#compressor.destroy();
    this.#failure ??= new Error("the compression was given up");
    this.#notify?.();
    await this.#source.return();
  }
}
