/*
 * Link: one direction between two hosts.
 *
 * Strategy: everything that is sent gets a time of arrival: after what the line is still busy with (bandwidth), the
 * latency, a random part of it (jitter), and, for what is lost on the way, the time until it is sent again, as TCP does:
 * 200 ms, then twice that each time.
 */
import { expectMilliseconds, outOfRange } from "../../core/arguments.ts";
import type { Pipe } from "../pipe.ts";

/** How a link behaves. */
export interface LinkOptions {
  /** How long everything travels, in milliseconds, at least 0. Default 1. */
  readonly latency?: number;
  /** Up to so many milliseconds more, at random, at least 0. Default 0. */
  readonly jitter?: number;
  /** How likely a piece is lost and has to be sent again, from 0 to below 1. Default 0. */
  readonly loss?: number;
  /** Bytes a second, more than 0, shared by all connections of the link. Default Infinity. */
  readonly bandwidth?: number;
}

const FIRST_RETRY = 200;

/** @internal */
export class Link {
  isCut = false;
  /** What travels on it now. */
  readonly pipes: Set<Pipe> = new Set();
  readonly #random: () => number;
  #options: Required<LinkOptions>;
  #busyUntil = 0;

  constructor(options: Required<LinkOptions>, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  set(options: LinkOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  /** When something that is sent now arrives. */
  arrival(bytes: number, now: number): number {
    const { latency, jitter, loss, bandwidth } = this.#options;
    this.#busyUntil = Math.max(this.#busyUntil, now) + (bytes / bandwidth) * 1000;
    let at = this.#busyUntil + latency;
    if (jitter > 0) at += this.#random() * jitter;
    if (loss > 0) for (let retry = FIRST_RETRY; this.#random() < loss; retry *= 2) at += retry;
    return at;
  }

  cut(): void {
    this.isCut = true;
  }

  heal(): void {
    if (!this.isCut) return;
    this.isCut = false;
    for (const pipe of this.pipes) pipe.healed();
  }
}

/** @internal */
export function expectLink(options: LinkOptions): void {
  const { latency = 0, jitter = 0, loss = 0, bandwidth = Infinity } = options;
  for (const [name, value] of Object.entries({ latency, jitter })) {
    expectMilliseconds(`options.${name}`, value);
    if (value < 0 || value === Infinity)
      throw outOfRange(`options.${name}`, "a finite number of at least 0", value);
  }
  if (!(loss >= 0 && loss < 1)) throw outOfRange("options.loss", "from 0 to below 1", loss);
  if (!(bandwidth > 0)) throw outOfRange("options.bandwidth", "more than 0", bandwidth);
}
