/*
 * Propagation: how a span's context travels in headers, in both directions.
 *
 * Strategy: incoming headers are looked through once, by the length of their names first: most requests have none of
 * these. Of several formats W3C's counts, then `b3`, then `x-b3-…`.
 */
import { wrongType } from "../core/arguments.ts";
import {
  type B3Headers,
  type Decision,
  fromB3Multi,
  fromB3Single,
  toB3Multi,
  toB3Single,
} from "./b3.ts";
import { currentSpan, currentSpanContext } from "./currentSpan.ts";
import type { RemoteContext, SpanContext } from "./spanContext.ts";
import { fromW3c, toTraceparent } from "./w3c.ts";

/** `w3c`: `traceparent` and `tracestate`; `b3`: the one header of that name; `b3multi`: those that begin with `x-b3-`. */
export type PropagationFormat = "w3c" | "b3" | "b3multi";

const FORMATS: readonly unknown[] = ["w3c", "b3", "b3multi"] satisfies PropagationFormat[];

/** Checks formats from outside. @internal */
export function formatsOf(
  parameter: string,
  input: readonly PropagationFormat[] | undefined,
  usual: readonly PropagationFormat[],
): readonly PropagationFormat[] {
  if (input === undefined) return usual;
  if (Array.isArray(input) && input.every((each) => FORMATS.includes(each))) return [...input];
  throw wrongType(parameter, 'an array of "w3c", "b3" and "b3multi"', input);
}

/** What headers tell of the caller's trace: its span, only a decision, or nothing. */
export type Extracted = RemoteContext | Decision | null;

/** Names and values by turns, as node:http has them. @internal */
export function extractFrom(
  raw: readonly string[],
  formats: readonly PropagationFormat[],
): Extracted {
  let parent: string | undefined;
  let state: string | undefined;
  let single: string | undefined;
  let multi: B3Headers | null = null;
  let parents = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const { length } = name;
    // The lengths of the names: `b3` 2, `tracestate` and `x-b3-flags` 10, `traceparent` 11, the other `x-b3-` 11 to 17.
    if (length !== 2 && (length < 10 || length > 17)) continue;
    const first = name.charCodeAt(0) | 0x20;
    if (first !== 116 && first !== 98 && first !== 120) continue;
    const value = raw[at + 1] as string;
    switch (name.toLowerCase()) {
      case "traceparent":
        parent = value;
        parents++;
        break;
      case "tracestate":
        state = state === undefined ? value : `${state},${value}`;
        break;
      case "b3":
        single = value;
        break;
      case "x-b3-traceid":
        (multi ??= {}).traceId = value;
        break;
      case "x-b3-spanid":
        (multi ??= {}).spanId = value;
        break;
      case "x-b3-parentspanid":
        (multi ??= {}).parentId = value;
        break;
      case "x-b3-sampled":
        (multi ??= {}).sampled = value;
        break;
      case "x-b3-flags":
        (multi ??= {}).flags = value;
        break;
      default:
    }
  }
  if (parents === 1 && parent !== undefined && formats.includes("w3c")) {
    const found = fromW3c(parent, state);
    if (found !== null) return found;
  }
  if (single !== undefined && formats.includes("b3")) {
    const found = fromB3Single(single);
    if (found !== null) return found;
  }
  return multi !== null && formats.includes("b3multi") ? fromB3Multi(multi) : null;
}

/** Hands each header that tells of the context to `set`. @internal */
export function injectInto(
  context: SpanContext,
  parentId: string | null,
  formats: readonly PropagationFormat[],
  set: (name: string, value: string) => void,
): void {
  for (const format of formats) {
    if (format === "w3c") {
      set("traceparent", toTraceparent(context));
      if (context.traceState !== undefined) set("tracestate", context.traceState);
    } else if (format === "b3") set("b3", toB3Single(context, parentId));
    else for (const [name, value] of toB3Multi(context, parentId)) set(name, value);
  }
}

/**
 * The headers that carry the current span over a protocol that tracing does not know: a queue, a pipe; empty when there
 * is no span.
 *
 * @param formats default W3C's
 * @throws TypeError when `formats` has another format
 *
 * @example
 * ```ts
 * import { extract, inject, span, startTracing } from "ambit/tracing";
 *
 * await using tracing = startTracing({ serviceName: "shop" });
 * const carried = span("send", () => inject(["b3"]));
 * const caller = extract(carried);
 * span("receive", (received) => received.parentId, { parent: caller }) === caller?.spanId; // => true
 * await tracing.close();
 * ```
 */
export function inject(formats: readonly PropagationFormat[] = ["w3c"]): Record<string, string> {
  const headers: Record<string, string> = {};
  const context = currentSpanContext();
  if (context === null) return headers;
  const parentId = currentSpan()?.parentId ?? null;
  injectInto(context, parentId, formatsOf("formats", formats, []), (name, value) => {
    headers[name] = value;
  });
  return headers;
}

/**
 * The span that headers tell of, in any of the formats; null when there is none.
 * @param headers an object, or pairs, such as a `Headers`
 */
export function extract(
  headers: Readonly<Record<string, string | undefined>> | Iterable<readonly [string, string]>,
): RemoteContext | null {
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  const raw: string[] = [];
  for (const [name, value] of pairs) if (value !== undefined) raw.push(name, value);
  const found = extractFrom(raw, ["w3c", "b3", "b3multi"]);
  return found !== null && "traceId" in found ? found : null;
}
