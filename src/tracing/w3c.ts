/*
 * W3C Trace Context: `traceparent` and `tracestate` (Recommendation of 2021, and level 2).
 */
import { isSpanId, isTraceId, type RemoteContext, type SpanContext } from "./spanContext.ts";

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** Section 3.3.1.1: at most that many members. */
const MOST_MEMBERS = 32;
/** Section 3.3.1.5: at least so many characters are to be passed on; longer ones are not. */
const LONGEST_STATE = 512;
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** What the headers tell; null when they tell nothing that can be used (section 3.2.2). @internal */
export function fromW3c(traceparent: string, tracestate: string | undefined): RemoteContext | null {
  const match = PARENT.exec(traceparent.trim());
  if (match === null) return null;
  const [, version, traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || !isTraceId(traceId) || !isSpanId(spanId)) return null;
  // A later version may have more; this one has not.
  if (version === "00" && rest !== undefined) return null;
  const sampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
  const traceState = tracestate === undefined ? "" : stateOf(tracestate);
  const context = { traceId, spanId, sampled, format: "w3c" } as const;
  return traceState === "" ? context : { ...context, traceState };
}

/** The state, tidied; the empty string when it breaks the rules, and is dropped whole. */
function stateOf(text: string): string {
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length > MOST_MEMBERS || !members.every((member) => MEMBER.test(member))) return "";
  const keys = members.map((member) => member.slice(0, member.indexOf("=")));
  if (new Set(keys).size < keys.length) return "";
  const state = members.join(",");
  return state.length > LONGEST_STATE ? "" : state;
}

/** The value of `traceparent`. @internal */
export function toTraceparent({ traceId, spanId, sampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
