/*
 * The line that parts the parts of a multipart body (RFC 2046, 5.1.1).
 *
 * Nothing is searched for it: files are not read twice, and streams cannot be. It has 120 random bits,
 * so content holds it by accident less often than memory fails; and who writes the content cannot
 * know it beforehand.
 */
import { randomBytes } from "node:crypto";
import { outOfRange } from "../core/arguments.ts";

const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const TOKEN = /^[0-9A-Za-z'+_.-]+$/;

/** @internal */
export function randomBoundary(): string {
  return `----ambit${randomBytes(15).toString("base64url")}`;
}

/** @internal */
export function checkedBoundary(boundary: string): string {
  if (typeof boundary === "string" && BOUNDARY.test(boundary)) return boundary;
  const expected = "1 to 70 letters, digits and of '()+_,-./:=? (no space at the end)";
  throw outOfRange("options.boundary", expected, boundary);
}

/** The content-type of a body with this boundary. @internal */
export function multipartType(subtype: string, boundary: string): string {
  return `multipart/${subtype}; boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`;
}
