/*
 * Samplers: which traces are recorded.
 *
 * Strategy: the first span of a trace decides, and what comes after it follows. A ratio is decided by the trace's id
 * alone, by its last 56 bits, which W3C wants random (Trace Context level 2): so every service that samples by ratio
 * takes the same traces, and one that takes more takes those of one that takes fewer, too.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { AttributeValue } from "./attributes.ts";
import type { SpanKind } from "./finishedSpan.ts";
import type { RemoteContext, SpanContext } from "./spanContext.ts";

/** What a sampler knows of a span that is to start. */
export interface SamplingInput {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  /** Null for the first of a trace. */
  readonly parent: SpanContext | RemoteContext | null;
  /** Those that are known when it starts. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Decides whether a span is recorded, and sent. What it throws counts as no. */
export type Sampler = (input: SamplingInput) => boolean;

const HEX_DIGITS = 14;
const LIMIT = 16 ** HEX_DIGITS;

/**
 * Takes that share of all traces, by their ids alone.
 * @param share from 0 for none to 1 for all
 * @throws RangeError for anything else
 *
 * @example
 * ```ts
 * import { ratioSampler } from "ambit/tracing";
 *
 * const half = ratioSampler(0.5);
 * const input = { name: "a", kind: "internal", parent: null, attributes: {} } as const;
 * const low = half({ ...input, traceId: "4bf92f3577b34da6a300000000000000" });
 * const high = half({ ...input, traceId: "4bf92f3577b34da6a3ffffffffffffff" });
 * [low, high]; // => [true, false]
 * ```
 */
export function ratioSampler(share: number): Sampler {
  if (typeof share !== "number") throw wrongType("share", "a number from 0 to 1", share);
  if (!(share >= 0 && share <= 1)) throw outOfRange("share", "from 0 to 1", share);
  return ({ traceId }) => isInShare(traceId, share);
}

/** @internal */
export function isInShare(traceId: string, share: number): boolean {
  if (share === 0 || share === 1) return share === 1;
  return Number.parseInt(traceId.slice(-HEX_DIGITS), 16) < share * LIMIT;
}

/**
 * Follows the parent's decision; asks `first` for spans that have none, or whose caller has not decided.
 * @throws TypeError when `first` is no function
 */
export function parentBased(first: Sampler): Sampler {
  if (typeof first !== "function") throw wrongType("first", "a sampler", first);
  return (input) => input.parent?.sampled ?? first(input);
}

/** Checks what is sampled, from outside: a function, or a share of the traces that nobody has decided about. @internal */
export function samplingOf(input: number | Sampler | undefined): number | Sampler {
  if (typeof input === "function") return input;
  if (input === undefined) return 1;
  if (typeof input !== "number")
    throw wrongType("options.sampling", "a number from 0 to 1, or a function", input);
  if (!(input >= 0 && input <= 1)) throw outOfRange("options.sampling", "from 0 to 1", input);
  return input;
}
