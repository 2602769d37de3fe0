/**
 * What Zipkin takes: its own schema, and the rules that the schema leaves out.
 */
import { Ajv } from "ajv";
import { isIPv4, isIPv6 } from "node:net";
import { expect } from "vitest";
import schema from "./zipkin2Schema.json" with { type: "json" };

/** A span as Zipkin takes it. */
export interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind?: string;
  readonly timestamp: number;
  readonly duration: number;
  readonly shared?: boolean;
  readonly debug?: boolean;
  readonly localEndpoint: { serviceName: string };
  readonly remoteEndpoint?: { serviceName?: string; ipv4?: string; ipv6?: string; port?: number };
  readonly annotations?: readonly { timestamp: number; value: string }[];
  readonly tags?: Record<string, string>;
}

const ajv = new Ajv({ strict: false });
ajv.addFormat("int64", { type: "number", validate: (value) => Number.isSafeInteger(value) });
ajv.addFormat("ipv4", { type: "string", validate: (text) => isIPv4(text) });
ajv.addFormat("ipv6", { type: "string", validate: (text) => isIPv6(text) });
/** Zipkin's schema of a list of spans. */
export const validate = ajv.compile({
  definitions: schema.definitions,
  $ref: "#/definitions/ListOfSpans",
});

/** The spans of a text that is right in every respect. */
export function checked(text: string): ZipkinSpan[] {
  const spans = JSON.parse(text) as ZipkinSpan[];
  validate(spans);
  expect(validate.errors).toBeNull();
  for (const each of spans) expect(rulesBroken(each)).toEqual([]);
  return spans;
}

/** What the schema does not say (a pattern of it is not anchored). */
export function rulesBroken(each: ZipkinSpan): string[] {
  const { traceId, id, parentId, timestamp, duration, shared, kind, name } = each;
  const broken: string[] = [];
  if (!/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(traceId) || /^0+$/.test(traceId))
    broken.push("traceId");
  if (!/^[0-9a-f]{16}$/.test(id) || /^0+$/.test(id)) broken.push("id");
  if (parentId === id || (parentId !== undefined && /^0+$/.test(parentId))) broken.push("parentId");
  if (!Number.isSafeInteger(duration) || duration < 1) broken.push("duration");
  // Microseconds: between the years 2001 and 2100.
  if (!Number.isSafeInteger(timestamp) || timestamp < 1e15 || timestamp > 4.2e15)
    broken.push("timestamp");
  if (shared === true && kind !== "SERVER") broken.push("shared");
  if (name !== name.toLowerCase()) broken.push("name");
  if (each.localEndpoint.serviceName !== each.localEndpoint.serviceName.toLowerCase())
    broken.push("serviceName");
  if (each.remoteEndpoint?.port === 0) broken.push("port");
  return broken;
}
