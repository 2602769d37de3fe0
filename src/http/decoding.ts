/*
 * From the body that came to the body that is read: what a response's head and the caller's options
 * make of it.
 */
import type { BodySource } from "./bodySource.ts";
import { type Coding, codingsOf } from "./codings.ts";
import { DecodedBody, type Sizes } from "./decodedBody.ts";
import { DerivedBody } from "./derivedBody.ts";
import { LimitedBody } from "./limitedBody.ts";
import { ContentDecodingError } from "./payloadErrors.ts";
import type { ReadingRules } from "./readingRules.ts";
import type { ResponseHead } from "./responseHead.ts";

/** More than that in a row are an attack: each unfolds what the one before it unfolded. */
const MOST_CODINGS = 5;
/** A compressed body that is read as a whole, in bytes: so one of 1 MiB cannot fill the memory. */
const DEFAULT_SIZES: Sizes = { whole: 2 ** 30, stream: Infinity };

/** @internal */
export function readableBody(
  head: ResponseHead,
  source: BodySource,
  rules: ReadingRules,
): BodySource {
  const encoding = rules.decompress ? head.headers["content-encoding"] : undefined;
  // Nearly every body.
  if (encoding === undefined && rules.maxBodySize === null) return source;
  const codings = codingsOf(encoding) ?? [];
  if (codings.length > MOST_CODINGS) return new OverdoneBody(head, source);
  if (codings.length > 0) return decoded(head, source, codings, rules);
  return rules.maxBodySize === null ? source : new LimitedBody(head, source, rules.maxBodySize);
}

/** What was applied last comes off first. */
function decoded(
  head: ResponseHead,
  source: BodySource,
  codings: readonly Coding[],
  { maxBodySize }: ReadingRules,
): BodySource {
  const sizes = maxBodySize === null ? DEFAULT_SIZES : { whole: maxBodySize, stream: maxBodySize };
  return codings.reduceRight<BodySource>(
    (body, coding) => new DecodedBody(head, body, coding, sizes),
    source,
  );
}

/** A body that nobody is going to decode. */
class OverdoneBody extends DerivedBody {
  protected next(): Promise<never> {
    const words = `the body was compressed more than ${MOST_CODINGS} times`;
    return Promise.reject(new ContentDecodingError(this.head, words));
  }

  protected all(): Promise<never> {
    return this.next();
  }

  protected close(): void {
    // Holds nothing.
  }
}
