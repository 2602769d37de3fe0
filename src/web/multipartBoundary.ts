/*
 * The boundary of a multipart body, from its Content-Type (RFC 2046, section 5.1.1).
 */
import { BadRequest } from "./httpError.ts";

const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))/gi;
/** Up to 70 characters, and no blank at the end. */
const ALLOWED = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/**
 * @param type the Content-Type
 * @returns null when that is no multipart type
 * @throws {@link BadRequest} when it has no boundary, or two of them, or one that is none
 * @internal
 */
export function boundaryOf(type: string | null): string | null {
  if (type === null || !/^multipart\/[^\s;]+/i.test(type)) return null;
  const found = [...type.matchAll(BOUNDARY)].map(([, quoted, token]) => quoted ?? token ?? "");
  const [boundary] = found;
  if (boundary === undefined || found.length > 1 || !ALLOWED.test(boundary))
    throw new BadRequest(
      found.length > 1
        ? "the multipart body has two boundaries"
        : `the multipart body has no boundary that could be one: ${type}`,
    );
  return boundary;
}
