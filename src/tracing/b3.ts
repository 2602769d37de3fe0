/*
 * B3, Zipkin's propagation: the one header `b3`, or several that begin with `x-b3-`.
 *
 * A trace id of 64 bits is filled up with zeros on the left, and so are found traces that were begun by old clients. A
 * caller may send a decision without ids (`b3: 0`), or ids without a decision.
 */
import { isSpanId, isTraceId, type RemoteContext, type SpanContext } from "./spanContext.ts";

/** The headers that begin with `x-b3-`. @internal */
export interface B3Headers {
  traceId?: string | undefined;
  spanId?: string | undefined;
  parentId?: string | undefined;
  sampled?: string | undefined;
  flags?: string | undefined;
}

/** A decision of a caller that has no trace. */
export interface Decision {
  readonly sampled: boolean;
  readonly debug: boolean;
}

/** @internal */
export function fromB3Single(value: string): RemoteContext | Decision | null {
  const parts = value.trim().toLowerCase().split("-");
  const [first = "", spanId, state, parentId] = parts;
  if (parts.length === 1) return decisionOf(first);
  if (parts.length > 4 || spanId === undefined) return null;
  if (state !== undefined && decisionOf(state) === null) return null;
  return contextOf(first, spanId, parentId, state === undefined ? null : decisionOf(state));
}

/** @internal */
export function fromB3Multi(headers: B3Headers): RemoteContext | Decision | null {
  const { traceId, spanId, parentId, sampled, flags } = headers;
  const decision = flags === "1" ? DEBUG : decisionOf((sampled ?? "").trim().toLowerCase());
  if (traceId === undefined || spanId === undefined) return decision;
  return contextOf(lower(traceId), lower(spanId), lower(parentId), decision);
}

const DEBUG: Decision = { sampled: true, debug: true };

function decisionOf(text: string): Decision | null {
  if (text === "d") return DEBUG;
  // `true` and `false` are what old tracers send.
  if (text === "1" || text === "true") return { sampled: true, debug: false };
  return text === "0" || text === "false" ? { sampled: false, debug: false } : null;
}

function lower(text: string): string;
function lower(text: string | undefined): string | undefined;
function lower(text: string | undefined): string | undefined {
  return text?.trim().toLowerCase();
}

function contextOf(
  shortTraceId: string,
  spanId: string,
  parentId: string | undefined,
  decision: Decision | null,
): RemoteContext | null {
  const traceId = shortTraceId.length === 16 ? shortTraceId.padStart(32, "0") : shortTraceId;
  if (!isTraceId(traceId) || !isSpanId(spanId)) return null;
  if (parentId !== undefined && !isSpanId(parentId)) return null;
  return {
    traceId,
    spanId,
    sampled: decision?.sampled,
    format: "b3",
    ...(decision?.debug === true ? { debug: true } : {}),
    ...(parentId === undefined || parentId === spanId ? {} : { parentId }),
  };
}

/** The value of `b3`. @internal */
export function toB3Single(context: SpanContext, parentId: string | null): string {
  const { traceId, spanId, sampled, debug } = context;
  const head = `${traceId}-${spanId}-${debug === true ? "d" : sampled ? "1" : "0"}`;
  return parentId === null ? head : `${head}-${parentId}`;
}

/** The headers that begin with `x-b3-`, as pairs. @internal */
export function toB3Multi(context: SpanContext, parentId: string | null): [string, string][] {
  const { traceId, spanId, sampled, debug } = context;
  const pairs: [string, string][] = [
    ["x-b3-traceid", traceId],
    ["x-b3-spanid", spanId],
  ];
  if (parentId !== null) pairs.push(["x-b3-parentspanid", parentId]);
  // Debug implies a decision; that is not sent twice.
  if (debug === true) pairs.push(["x-b3-flags", "1"]);
  else pairs.push(["x-b3-sampled", sampled ? "1" : "0"]);
  return pairs;
}
