/*
 * The bridge to OpenTelemetry: each span is one of the tracer that is registered there, too.
 *
 * Strategy: the SDK makes the ids and decides about sampling; what a span of ours is told it tells the other.
 * Limits: spans of worker threads cannot be handed to it, since the API makes ids of its own: they go to `reporters`.
 */
import { type Attributes, type AttributeValue, recordOf } from "./attributes.ts";
import type { SpanKind, SpanLink, SpanStatus } from "./finishedSpan.ts";
import { LocalContext } from "./localContext.ts";
import type {
  Api,
  OpenTelemetryApi,
  OtelContext,
  OtelSpan,
  OtelSpanContext,
} from "./openTelemetryApi.ts";
import type { SpanContext } from "./spanContext.ts";
import type { SpanMirror } from "./spanMirror.ts";
import type { SpanSource, SpanStart } from "./spanSource.ts";

const SAMPLED = 1;
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
const STATUSES: Readonly<Record<SpanStatus, number>> = { unset: 0, ok: 1, error: 2 };

/** The spans of the SDK, by the context of ours. @internal */
export const others = new WeakMap<SpanContext, OtelSpan>();

/** @internal */
export function openTelemetrySource(given: OpenTelemetryApi): SpanSource {
  const api = given as unknown as Api;
  // Asked for anew with each span: the API's proxy finds the tracer that is registered later, too.
  const tracer = api.trace.getTracer("ambit");
  return {
    start: (start, attributes, time) => {
      const { name, kind, links } = start;
      const options = {
        kind: KINDS[kind],
        attributes: recordOf(attributes),
        startTime: time,
        links: links.map((link) => ({
          context: otelContextOf(api, link.context),
          attributes: link.attributes,
        })),
      };
      const made = tracer.startSpan(name, options, parentContext(api, start));
      const { traceId, spanId, sampled, traceState } = contextOf(made);
      const context = new LocalContext(traceId, spanId, sampled).carrying(false, traceState);
      others.set(context, made);
      return { context, mirror: made.isRecording() ? new Mirror(api, made) : null };
    },
  };
}

function parentContext(api: Api, { parent, root }: SpanStart): OtelContext {
  const active = api.context.active();
  if (parent === null)
    return !root && api.trace.getSpan(active) !== undefined ? active : api.ROOT_CONTEXT;
  const local = others.get(parent as SpanContext);
  if (local !== undefined) return api.trace.setSpan(active, local);
  return api.trace.setSpanContext(
    active,
    otelContextOf(api, { ...parent, sampled: parent.sampled ?? true }),
  );
}

function otelContextOf(api: Api, context: SpanContext): OtelSpanContext {
  const { traceId, spanId, sampled, traceState } = context;
  const plain = { traceId, spanId, traceFlags: sampled ? SAMPLED : 0, isRemote: true };
  if (traceState === undefined || api.createTraceState === undefined) return plain;
  return { ...plain, traceState: api.createTraceState(traceState) };
}

/** @internal */
export function contextOf(made: OtelSpan): SpanContext {
  const { traceId, spanId, traceFlags, traceState } = made.spanContext();
  const sampled = (traceFlags & SAMPLED) === SAMPLED;
  const state = traceState?.serialize() ?? "";
  return state === ""
    ? { traceId, spanId, sampled }
    : { traceId, spanId, sampled, traceState: state };
}

class Mirror implements SpanMirror {
  readonly #api: Api;
  readonly #span: OtelSpan & { addLink?(link: object): unknown };

  constructor(api: Api, span: OtelSpan) {
    this.#api = api;
    this.#span = span;
  }

  setAttribute(name: string, value: AttributeValue): void {
    this.#span.setAttribute(name, value as never);
  }

  addEvent(name: string, attributes: Attributes, time: number): void {
    this.#span.addEvent(name, attributes as never, time);
  }

  addLink({ context, attributes }: SpanLink): void {
    this.#span.addLink?.({ context: otelContextOf(this.#api, context), attributes });
  }

  setStatus(status: SpanStatus, message: string | undefined): void {
    const code = STATUSES[status];
    this.#span.setStatus(message === undefined ? { code } : { code, message });
  }

  updateName(name: string): void {
    this.#span.updateName(name);
  }

  end(time: number): void {
    this.#span.end(time);
  }
}
