/*
 * securityHeaders: tells browsers to be careful with what this application sends.
 *
 * Strategy: the strictest that works for an application which loads its own files only; each of them can be changed or
 * left out. They go into `request.replyHeaders`: onto every answer, error pages too, and an answer that has one of its own
 * keeps that. `Strict-Transport-Security` goes out over https alone, as RFC 6797, section 7.2, demands.
 */
import { randomBytes } from "node:crypto";
import { outOfRange, wrongType } from "../core/arguments.ts";
import {
  type CompiledPolicy,
  compilePolicy,
  type CspDirectives,
  NONCE,
} from "./contentSecurityPolicy.ts";
import type { Middleware } from "./handler.ts";

/** For how long browsers use https only (RFC 6797). */
export interface HstsOptions {
  /** In milliseconds. Default a year. */
  readonly maxAge?: number;
  /** Also for all hosts below. Default false. */
  readonly includeSubDomains?: boolean;
  /** Agrees to be put on the browsers' own list; needs a year and `includeSubDomains`. Default false. */
  readonly preload?: boolean;
}

/** Each a value, or false to leave the header out. */
export interface SecurityHeadersOptions {
  /** Directives that are added to the default ones or replace them; false for no policy. */
  readonly csp?: CspDirectives | false;
  /** Only reports what the policy forbids. Default false. */
  readonly cspReportOnly?: boolean;
  readonly hsts?: HstsOptions | false;
  /** `Referrer-Policy`. Default `strict-origin-when-cross-origin`. */
  readonly referrerPolicy?: string | false;
  /** `Permissions-Policy`. Default: no camera, microphone, place, payment, USB. */
  readonly permissionsPolicy?: string | false;
  /** `Cross-Origin-Opener-Policy`. Default `same-origin`. */
  readonly openerPolicy?: string | false;
  /** `Cross-Origin-Resource-Policy`. Default `same-origin`. */
  readonly resourcePolicy?: string | false;
  /** `Cross-Origin-Embedder-Policy`. Default: left out. */
  readonly embedderPolicy?: string | false;
}

/** What `securityHeaders` adds to `request.state`. */
export interface NonceState {
  /** For `<script nonce="…">`: another one for each request; empty when no directive has {@link NONCE}. */
  readonly nonce: string;
}

const YEAR = 31_536_000_000;

const POLICY: CspDirectives = {
  "default-src": ["'self'"],
  "script-src": ["'self'", NONCE],
  "style-src": ["'self'", NONCE],
  "img-src": ["'self'", "data:"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "form-action": ["'self'"],
  "frame-ancestors": ["'none'"],
};

/**
 * Adds `Content-Security-Policy`, `Strict-Transport-Security` (over https), `X-Content-Type-Options`, `X-Frame-Options`,
 * `Referrer-Policy`, `Permissions-Policy` and the `Cross-Origin-…` policies to every answer.
 *
 * @throws TypeError when an option is none, or a source of the policy would end its directive
 *
 * @example
 * ```ts
 * import { NONCE, securityHeaders } from "ambit/web";
 *
 * const careful = securityHeaders({
 *   csp: { "script-src": [NONCE, "https://cdn.example.com"], "upgrade-insecure-requests": true },
 *   hsts: { includeSubDomains: true },
 * });
 * typeof careful; // => "function"
 * ```
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): Middleware<NonceState> {
  const policy = options.csp === false ? null : compilePolicy({ ...POLICY, ...options.csp });
  const policyName =
    options.cspReportOnly === true
      ? "content-security-policy-report-only"
      : "content-security-policy";
  const fixed = fixedHeaders(options, policy);
  const hsts = hstsValue(options.hsts);
  return (request, next) => {
    const headers = request.replyHeaders;
    const nonce = policy?.usesNonce === true ? randomBytes(16).toString("base64") : "";
    for (const [name, value] of fixed) headers.set(name, value);
    if (policy !== null) headers.set(policyName, policy.write(nonce));
    if (hsts !== null && request.scheme === "https") headers.set("strict-transport-security", hsts);
    return next({ nonce });
  };
}

function fixedHeaders(
  options: SecurityHeadersOptions,
  policy: CompiledPolicy | null,
): readonly (readonly [string, string])[] {
  const { permissionsPolicy = "camera=(), geolocation=(), microphone=(), payment=(), usb=()" } =
    options;
  const all: Record<string, string | false | undefined> = {
    "x-content-type-options": "nosniff",
    "x-frame-options": frameOptions(policy),
    "referrer-policy": options.referrerPolicy ?? "strict-origin-when-cross-origin",
    "permissions-policy": permissionsPolicy,
    "cross-origin-opener-policy": options.openerPolicy ?? "same-origin",
    "cross-origin-resource-policy": options.resourcePolicy ?? "same-origin",
    "cross-origin-embedder-policy": options.embedderPolicy ?? false,
  };
  return Object.entries(all).flatMap(([name, value]) => {
    if (value === false || value === undefined) return [];
    if (typeof value !== "string" || !/^[\x20-\x7e]+$/.test(value))
      throw wrongType(name, "the value of a header, or false", value);
    return [[name, value] as const];
  });
}

/** What old browsers know of `frame-ancestors`: two of its values. */
function frameOptions(policy: CompiledPolicy | null): string | false {
  if (policy?.frameAncestors === "'none'") return "DENY";
  return policy?.frameAncestors === "'self'" ? "SAMEORIGIN" : false;
}

function hstsValue(options: HstsOptions | false = {}): string | null {
  if (options === false) return null;
  const { maxAge = YEAR, includeSubDomains = false, preload = false } = options;
  if (typeof maxAge !== "number") throw wrongType("options.hsts.maxAge", "milliseconds", maxAge);
  if (!Number.isFinite(maxAge) || maxAge < 0)
    throw outOfRange("options.hsts.maxAge", "a number of milliseconds of at least 0", maxAge);
  if (preload && (maxAge < YEAR || !includeSubDomains))
    throw new TypeError(
      "Expected `options.hsts` to have a `maxAge` of a year and `includeSubDomains`, as `preload` is true",
    );
  const subDomains = includeSubDomains ? "; includeSubDomains" : "";
  return `max-age=${Math.floor(maxAge / 1000)}${subDomains}${preload ? "; preload" : ""}`;
}
