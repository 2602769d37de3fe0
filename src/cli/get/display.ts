/*
 * What is said while a run goes on, on the error output: lines as things happen, and how far it is.
 *
 * On a terminal the last lines are painted over, ten times a second at most, by a task of its own
 * that asks for a snapshot; a line that is printed comes above them. In a file or a pipe there is
 * a line every few seconds, and not one control character.
 */
import { isCancelled } from "../../core/errors.ts";
import { createTask } from "../../core/createTask.ts";
import { getRunningLoop } from "../../core/scope.ts";
import { sleep } from "../../core/sleep.ts";
import type { Task } from "../../core/task.ts";
import { coloursFor } from "../colours.ts";
import { LiveArea } from "../liveArea.ts";
import type { Streams } from "../streams.ts";
import { Meter } from "./meter.ts";
import { type Look, plainLine, progressLines } from "./progressLines.ts";
import type { Snapshot } from "./snapshot.ts";

const REPAINT = 100;
const PLAIN_LINE = 5000;

/** The words of a run on one output. */
export class Display implements AsyncDisposable {
  readonly #streams: Streams;
  readonly #snapshot: () => Snapshot;
  readonly #meter: Meter;
  readonly #area: LiveArea | null;
  /** How what it says looks. */
  readonly look: Look;
  #painter: Task<void> | undefined;
  #closed = false;

  /**
   * Begins at once.
   *
   * @param progress whether to show how far it is at all
   */
  constructor(streams: Streams, snapshot: () => Snapshot, progress: boolean) {
    const { err, env } = streams;
    this.#streams = streams;
    this.#snapshot = snapshot;
    this.#meter = new Meter(getRunningLoop().time());
    this.look = { ink: coloursFor(err, env), unicode: hasUnicode(env) };
    const isTerminal = err.isTTY === true && env["TERM"] !== "dumb";
    this.#area = isTerminal && progress ? new LiveArea(err) : null;
    if (progress) this.#painter = createTask(() => this.#show(), { name: "display" });
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#meter.elapsed(getRunningLoop().time());
  }

  /** Says a line; it must be harmless. */
  print(line: string): void {
    if (this.#area === null || this.#closed) this.#streams.err.write(`${line}\n`);
    else this.#area.print(line);
  }

  /** Takes the progress away; lines that are printed from now on are written at once. */
  async close(): Promise<void> {
    this.#painter?.cancel();
    try {
      await this.#painter;
    } catch (error) {
      if (!isCancelled(error)) throw error;
    } finally {
      // After the painter's end: a sleep that was over already lets it paint once more.
      this.#area?.close();
      this.#closed = true;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #show(): Promise<void> {
    const area = this.#area;
    if (area === null) return this.#tell();
    for (;;) {
      this.#paint(area); // The window's size is asked for each time, so it may change meanwhile.
      await sleep(REPAINT);
    }
  }

  async #tell(): Promise<void> {
    for (;;) {
      await sleep(PLAIN_LINE);
      const snapshot = this.#snapshot();
      const speed = this.#meter.read(snapshot, getRunningLoop().time());
      this.#streams.err.write(`${plainLine(snapshot, speed)}\n`);
    }
  }

  #paint(area: LiveArea): void {
    const snapshot = this.#snapshot();
    const speed = this.#meter.read(snapshot, getRunningLoop().time());
    area.paint(progressLines(snapshot, speed, area.size, this.look));
  }
}

/** What the locale says; where it says nothing, every terminal of today has it. */
function hasUnicode(env: Streams["env"]): boolean {
  return /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8");
}
