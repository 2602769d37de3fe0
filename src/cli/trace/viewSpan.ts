/*
 * A span as the viewer keeps it, whatever it came as: Zipkin's v2 JSON or OTLP's.
 *
 * What comes is somebody else's: fields of the wrong type are left out, a span without ids is refused.
 */

/** One span; times are microseconds. */
export interface ViewSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  /** In lower case; `internal` for none. */
  readonly kind: string;
  readonly service: string;
  /** Since 1970. */
  readonly start: number;
  readonly duration: number;
  readonly error: boolean;
  readonly cancelled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly events: readonly { readonly time: number; readonly name: string }[];
}

/** What cannot be read as spans. */
export class NotSpansError extends Error {
  override readonly name = "NotSpansError";
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

function idsOf(traceId: unknown, id: unknown): { traceId: string; id: string } {
  const trace = textOf(traceId).toLowerCase();
  const span = textOf(id).toLowerCase();
  if (!/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(trace) || !/^[0-9a-f]{16}$/.test(span))
    throw new NotSpansError(`a span has no ids: traceId ${String(traceId)}, id ${String(id)}`);
  return { traceId: trace.padStart(32, "0"), id: span };
}

/** @throws NotSpansError when it is none of Zipkin's lists of spans */
export function fromZipkin(body: unknown): ViewSpan[] {
  if (!Array.isArray(body)) throw new NotSpansError("Zipkin's spans are a list");
  return body.map((each: unknown) => {
    if (!isObject(each)) throw new NotSpansError("a span is an object");
    const tags: Record<string, string> = {};
    for (const [name, value] of Object.entries(isObject(each["tags"]) ? each["tags"] : {}))
      tags[name] = String(value);
    const { serviceName } = isObject(each["localEndpoint"]) ? each["localEndpoint"] : {};
    return {
      ...idsOf(each["traceId"], each["id"]),
      parentId: textOf(each["parentId"]).toLowerCase() || null,
      name: textOf(each["name"]),
      kind: textOf(each["kind"], "INTERNAL").toLowerCase(),
      service: textOf(serviceName),
      start: Number(each["timestamp"]) || 0,
      duration: Number(each["duration"]) || 0,
      error: Object.hasOwn(tags, "error"),
      cancelled: tags["ambit.cancelled"] === "true",
      tags,
      events: objectsOf(each["annotations"]).map(({ timestamp, value }) => ({
        time: Number(timestamp) || 0,
        name: textOf(value),
      })),
    };
  });
}

const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"];
const ERROR = 2;

/** @throws NotSpansError when it is no request of OTLP's */
export function fromOtlp(body: unknown): ViewSpan[] {
  if (!isObject(body) || !Array.isArray(body["resourceSpans"]))
    throw new NotSpansError("OTLP's spans are under resourceSpans");
  return objectsOf(body["resourceSpans"]).flatMap((resourceSpans) => {
    const { resource } = resourceSpans;
    const about = attributesOf(isObject(resource) ? resource["attributes"] : []);
    const scopes = objectsOf(resourceSpans["scopeSpans"]);
    const spans = scopes.flatMap((scope) => objectsOf(scope["spans"]));
    return spans.map((each) => otlpSpan(each, about["service.name"] ?? ""));
  });
}

function otlpSpan(each: Json, service: string): ViewSpan {
  const start = microseconds(each["startTimeUnixNano"]);
  const status = isObject(each["status"]) ? each["status"] : {};
  const error = status["code"] === ERROR || status["code"] === "STATUS_CODE_ERROR";
  const tags = attributesOf(each["attributes"]);
  if (error) tags["error"] = textOf(status["message"]) || "true";
  return {
    ...idsOf(each["traceId"], each["spanId"]),
    parentId: textOf(each["parentSpanId"]).toLowerCase() || null,
    name: textOf(each["name"]),
    kind: KINDS[Number(each["kind"])] ?? "internal",
    service,
    start,
    duration: Math.max(0, microseconds(each["endTimeUnixNano"]) - start),
    error,
    cancelled: tags["ambit.cancelled"] === "true",
    tags,
    events: objectsOf(each["events"]).map((event) => ({
      time: microseconds(event["timeUnixNano"]),
      name: textOf(event["name"]),
    })),
  };
}

function microseconds(nanoseconds: unknown): number {
  const number = Number(nanoseconds);
  return Number.isFinite(number) ? Math.round(number / 1000) : 0;
}

function attributesOf(list: unknown): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const { key, value } of objectsOf(list)) tags[textOf(key)] = valueText(value);
  return tags;
}

function valueText(value: unknown): string {
  if (!isObject(value)) return "";
  const [kind, held] = Object.entries(value)[0] ?? ["", ""];
  if (kind !== "arrayValue") return typeof held === "string" ? held : JSON.stringify(held);
  return `[${objectsOf((held as Json)["values"])
    .map(valueText)
    .join(", ")}]`;
}
