/**
 * The headers of W3C and B3: what is read, what is refused, what is written.
 */
import * as fc from "fast-check";
import {
  extract,
  inject,
  openSpan,
  type PropagationFormat,
  type RemoteContext,
  span,
} from "ambit/tracing";
import { describe, expect, test } from "vitest";
import { traced } from "./traced.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = "05e3ac9a4f6e3b90";

describe("traceparent", () => {
  const good: Record<string, boolean> = {
    [`00-${TRACE}-${SPAN}-01`]: true,
    [`00-${TRACE}-${SPAN}-00`]: false,
    // Other flags are none of ours (section 3.2.2.5).
    [`00-${TRACE}-${SPAN}-fe`]: false,
    [`00-${TRACE}-${SPAN}-03`]: true,
    // A later version may have more (section 3.2.2.1 and 3.2.4).
    [`cc-${TRACE}-${SPAN}-01`]: true,
    [`cc-${TRACE}-${SPAN}-01-what-the-future-will-bring`]: true,
  };
  test.each(Object.entries(good))("%s is read", (traceparent, sampled) => {
    expect(extract({ traceparent })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled,
      format: "w3c",
    });
  });

  test.each([
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01.`,
    `cc-${TRACE}-${SPAN}-01.what`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `0x-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00_${TRACE}_${SPAN}_01`,
  ])("%s is none", (traceparent) => {
    expect(extract({ traceparent })).toBeNull();
  });

  test("two of them are none", () => {
    const twice: [string, string][] = [
      ["traceparent", `00-${TRACE}-${SPAN}-01`],
      ["Traceparent", `00-${TRACE}-${PARENT}-01`],
    ];
    expect(extract(twice)).toBeNull();
  });
});

describe("tracestate", () => {
  const traceparent = `00-${TRACE}-${SPAN}-01`;
  test.each([
    ["rojo=1,congo=2", "rojo=1,congo=2"],
    [" rojo=1 ,\t, congo=2", "rojo=1,congo=2"],
    ["tenant@vendor=a b", "tenant@vendor=a b"],
  ])("%s is passed on", (tracestate, expected) => {
    expect(extract({ traceparent, tracestate })?.traceState).toBe(expected);
  });

  test.each([
    "rojo",
    "Rojo=1",
    "rojo=1,rojo=2",
    "rojo=a=b",
    Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(","),
    `a=${"x".repeat(300)}`,
    `a=${"x".repeat(255)},b=${"x".repeat(255)},c=1`,
  ])("%s is dropped, and the parent stays", (tracestate) => {
    const found = extract({ traceparent, tracestate });
    expect([found?.spanId, found?.traceState]).toEqual([SPAN, undefined]);
  });

  test("several headers are one", () => {
    const headers: [string, string][] = [
      ["tracestate", "a=1"],
      ["traceparent", traceparent],
      ["tracestate", "b=2"],
    ];
    expect(extract(headers)?.traceState).toBe("a=1,b=2");
  });
});

describe("B3", () => {
  const known = { traceId: TRACE, spanId: SPAN, format: "b3" };
  test.each([
    [{ b3: `${TRACE}-${SPAN}-1-${PARENT}` }, { ...known, sampled: true, parentId: PARENT }],
    [{ b3: `${TRACE}-${SPAN}-0` }, { ...known, sampled: false }],
    [{ b3: `${TRACE}-${SPAN}-d` }, { ...known, sampled: true, debug: true }],
    [{ b3: `${TRACE}-${SPAN}` }, { ...known, sampled: undefined }],
    [
      { b3: `a3ce929d0e0e4736-${SPAN}-1` },
      { ...known, traceId: "0000000000000000a3ce929d0e0e4736", sampled: true },
    ],
    [
      { "X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1" },
      { ...known, sampled: true },
    ],
    [
      { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-parentspanid": PARENT },
      { ...known, sampled: undefined, parentId: PARENT },
    ],
    [
      { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-flags": "1", "x-b3-sampled": "0" },
      { ...known, sampled: true, debug: true },
    ],
    [
      { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "false" },
      { ...known, sampled: false },
    ],
  ] as [Record<string, string>, RemoteContext][])("%j is read", (headers, expected) => {
    expect(extract(headers)).toEqual(expected);
  });

  test.each([
    { b3: "0" },
    { b3: "" },
    { b3: `${TRACE}-${SPAN}-2` },
    { b3: `${TRACE}-${SPAN}-1-${PARENT}-more` },
    { b3: `${"0".repeat(32)}-${SPAN}-1` },
    { b3: `${TRACE}-xyz-1` },
    { b3: `${TRACE}-${SPAN}-1-xyz` },
    { "x-b3-traceid": TRACE },
    { "x-b3-traceid": TRACE, "x-b3-spanid": "0".repeat(16) },
    { "x-b3-sampled": "1" },
  ] as Record<string, string>[])("%j tells of no span", (headers) => {
    expect(extract(headers)).toBeNull();
  });
});

test("W3C's headers come before B3's, and B3's one header before its many", () => {
  const w3c = { traceparent: `00-${TRACE}-${SPAN}-01` };
  const single = { b3: `${TRACE}-${PARENT}-1` };
  const multi = { "x-b3-traceid": TRACE, "x-b3-spanid": "0000000000000001" };
  expect(extract({ ...multi, ...single, ...w3c })?.spanId).toBe(SPAN);
  expect(extract({ ...multi, ...single })?.spanId).toBe(PARENT);
  expect(extract({ ...multi, ...single, traceparent: "rubbish" })?.spanId).toBe(PARENT);
});

test.each([["w3c"], ["b3"], ["b3multi"]] as [PropagationFormat][])(
  "what %s writes it reads",
  async (format) => {
    const digits = (length: number): fc.Arbitrary<string> =>
      fc
        .string({
          unit: fc.constantFrom(..."0123456789abcdef"),
          minLength: length,
          maxLength: length,
        })
        .filter((text) => /[^0]/.test(text));
    await traced(() => {
      fc.assert(
        fc.property(digits(32), digits(16), fc.boolean(), (traceId, spanId, sampled) => {
          const headers = span("a", (here) => [inject([format]), here.context] as const, {
            parent: { traceId, spanId, sampled },
          });
          expect(extract(headers[0])).toMatchObject({
            traceId,
            spanId: headers[1].spanId,
            sampled,
            ...(format === "w3c" || !sampled ? {} : { parentId: spanId }),
          });
        }),
      );
    });
  },
);

test("whatever headers hold, nothing is thrown, and what is read is valid", () => {
  const names = ["traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled"];
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef-") }),
    fc.constantFrom(TRACE, SPAN, `00-${TRACE}-${SPAN}-01`, `${TRACE}-${SPAN}`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), text)), (headers) => {
      const found = extract(headers);
      if (found === null) return;
      expect(found.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(found.spanId).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test("without a span there is nothing to write; another format is refused", async () => {
  expect(inject()).toEqual({});
  await traced(() => {
    using _ = openSpan("a");
    expect(Object.keys(inject(["w3c", "b3", "b3multi"]))).toEqual([
      "traceparent",
      "b3",
      "x-b3-traceid",
      "x-b3-spanid",
      "x-b3-sampled",
    ]);
    expect(() => inject(["b4" as PropagationFormat])).toThrow(
      'Expected `formats` to be an array of "w3c", "b3" and "b3multi"',
    );
  });
});
