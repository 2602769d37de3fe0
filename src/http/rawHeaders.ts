/*
 * Headers as they came: in their order, in the case that the server wrote them in.
 */
import type { ResponseHead } from "./responseHead.ts";

type Pair = readonly [name: string, value: string];

/** Of a head that knows only parsed headers, those. @internal */
export function rawPairs({ rawHeaders, headers }: ResponseHead): readonly Pair[] {
  if (rawHeaders === undefined) return parsedPairs(headers);
  const pairs: Pair[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([textOf(rawHeaders[i]), textOf(rawHeaders[i + 1])]);
  }
  return pairs;
}

function parsedPairs(headers: ResponseHead["headers"]): Pair[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).map((each): Pair => [name, each]),
  );
}

function textOf(part: Uint8Array | string | undefined): string {
  return typeof part === "string" ? part : Buffer.from(part ?? []).toString("latin1");
}
