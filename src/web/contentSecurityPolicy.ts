/*
 * Content-Security-Policy: what a page may load and do, written down (CSP Level 3).
 *
 * Strategy: compiled once into a text with holes for the nonce. A value that could end its directive is refused.
 */
import { wrongType } from "../core/arguments.ts";

/** Among the sources of a directive, stands for `'nonce-…'`, which is another one for each answer. */
export const NONCE = "'nonce'";

/**
 * Directives and their sources: `{ "img-src": ["'self'", "data:"] }`; `true` for one that has none; `false` leaves it
 * out.
 */
export type CspDirectives = Readonly<Record<string, readonly string[] | boolean>>;

/** @internal */
export interface CompiledPolicy {
  readonly usesNonce: boolean;
  /** The sources of `frame-ancestors`; null when it is not there. */
  readonly frameAncestors: string | null;
  /** The header's value. */
  write(nonce: string): string;
}

const DIRECTIVE = /^[a-z][a-z-]*$/;
// Visible characters without what separates sources, directives and policies.
const SOURCE = /^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/;
const HOLE = "\0";

/** @internal */
export function compilePolicy(directives: CspDirectives): CompiledPolicy {
  const parts: string[] = [];
  for (const [name, sources] of Object.entries(directives)) {
    if (!DIRECTIVE.test(name)) throw wrongType("csp", "directives such as img-src", name);
    if (sources === false) continue;
    parts.push(sources === true ? name : [name, ...sourcesOf(name, sources)].join(" "));
  }
  const text = parts.join("; ");
  const pieces = text.split(HOLE);
  return {
    usesNonce: pieces.length > 1,
    frameAncestors: /(?:^|; )frame-ancestors ([^;]*)/.exec(text)?.[1] ?? null,
    write: (nonce) => pieces.join(`'nonce-${nonce}'`),
  };
}

function sourcesOf(name: string, sources: readonly string[]): string[] {
  // The most common mistake: a text, whose letters would each be a source.
  if (!Array.isArray(sources)) throw wrongType(`csp.${name}`, "a list of sources", sources);
  return sources.map((source: unknown) => {
    if (source === NONCE) return HOLE;
    if (typeof source !== "string" || !SOURCE.test(source))
      throw wrongType(`csp.${name}`, "sources without spaces, commas and semicolons", source);
    // Without its quotes it would be a host of that name.
    if (/^(self|none|unsafe-\w+|strict-dynamic|nonce-.*)$/.test(source))
      throw wrongType(`csp.${name}`, `the source with its quotes: "'${source}'"`, source);
    return source;
  });
}
