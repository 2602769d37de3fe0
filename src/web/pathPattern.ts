/*
 * PathPattern: a path as a program writes it, taken apart: `/users/:id<int>`, `/files/*rest`, `/:name.:ext<ext>`.
 *
 * Grammar: segments between slashes. A parameter is `:name`, with its type in angle brackets behind it; the type ends
 * at the first `>`, so a regular expression writes that one `\x3e`. Text and parameters may stand side by side in a
 * segment, two parameters only with text between them. `*` or `*name` as the last segment is the rest of the path, which
 * may be empty; `:name<path>` as the last one is a rest that is not. What would be read as syntax is percent-encoded:
 * `%3A` is a colon. Text is compared decoded.
 */
import {
  ANY_TEXT,
  type CustomTypes,
  NO_CUSTOM_TYPES,
  type ResolvedType,
  REST_TYPE,
  resolveType,
} from "./parameters.ts";

/** A parameter in a pattern. @internal */
export interface Parameter {
  readonly name: string;
  readonly type: ResolvedType;
}

/** Text, decoded, or a parameter. @internal */
export type SegmentPart = string | Parameter;

/** What stands between two slashes, or the rest of a path. @internal */
export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "parts"; readonly parts: readonly SegmentPart[] }
  | { readonly kind: "rest"; readonly name: string; readonly mayBeEmpty: boolean };

/** A path, taken apart. @internal */
export interface PathPattern {
  /** As it was written. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** Of all parameters, from left to right. */
  readonly names: readonly string[];
  /** Whether it ends with a slash; never for the root and never with a rest. */
  readonly trailingSlash: boolean;
}

const PARAMETER = /:(\w+)(?:<([^>]*)>)?/y;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Takes a path apart.
 *
 * @throws SyntaxError when it's no pattern
 * @throws TypeError for a parameter type that nobody knows
 * @internal
 */
export function parsePattern(path: string, custom: CustomTypes = NO_CUSTOM_TYPES): PathPattern {
  if (path !== "" && !path.startsWith("/")) throw malformed(path, "it has to start with a slash");
  const scanner = new Scanner(path, custom);
  const segments: Segment[] = [];
  while (scanner.at < path.length - 1) segments.push(scanner.segment());
  const names = namesOf(path, segments);
  const trailingSlash = segments.length > 0 && path.endsWith("/");
  return { path, segments, names, trailingSlash };
}

class Scanner {
  at = 0;
  readonly #path: string;
  readonly #custom: CustomTypes;

  constructor(path: string, custom: CustomTypes) {
    this.#path = path;
    this.#custom = custom;
  }

  /** From a slash up to the next one that is in no type. */
  segment(): Segment {
    const path = this.#path;
    const parts: SegmentPart[] = [];
    this.at++;
    if (path[this.at] === "*") return this.#wildcard();
    while (this.at < path.length && path[this.at] !== "/")
      parts.push(path[this.at] === ":" ? this.#parameter(parts.at(-1)) : this.#text());
    if (parts.length === 0) throw malformed(path, "two slashes follow each other");
    const [first] = parts as [SegmentPart];
    if (parts.length === 1 && typeof first === "string") return { kind: "text", text: first };
    return this.#rest(parts) ?? { kind: "parts", parts };
  }

  #wildcard(): Segment {
    const name = this.#path.slice(this.at + 1);
    if (name !== "" && !NAME.test(name))
      throw malformed(this.#path, "only a name may follow a `*`, which has to be the last segment");
    this.at = this.#path.length;
    return { kind: "rest", name: name === "" ? "*" : name, mayBeEmpty: true };
  }

  #parameter(before: SegmentPart | undefined): Parameter {
    const path = this.#path;
    PARAMETER.lastIndex = this.at;
    const found = PARAMETER.exec(path);
    if (found === null || !NAME.test(found[1] as string))
      throw malformed(path, "a name has to follow each colon; a colon itself is written `%3A`");
    const [all, name, type] = found as unknown as [string, string, string | undefined];
    if (typeof before === "object")
      throw malformed(path, `nothing tells where \`${before.name}\` ends and \`${name}\` begins`);
    this.at += all.length;
    return { name, type: type === undefined ? ANY_TEXT : this.#type(type) };
  }

  #type(name: string): ResolvedType {
    const type = resolveType(name, this.#custom);
    if (type !== undefined) return type;
    throw new TypeError(
      `the path ${this.#path} has a parameter of the type ${name}, which is not known: see parameterType()`,
    );
  }

  #text(): string {
    const path = this.#path;
    let end = this.at;
    while (end < path.length && path[end] !== ":" && path[end] !== "/") end++;
    const text = path.slice(this.at, end);
    const wrong = /[*<>?#\\\s]/.exec(text);
    if (wrong !== null)
      throw malformed(path, `\`${wrong[0]}\` may not stand there as it is: percent-encode it`);
    this.at = end;
    return decoded(path, text);
  }

  #rest(parts: readonly SegmentPart[]): Segment | null {
    const rest = parts.find((part) => typeof part === "object" && part.type === REST_TYPE);
    if (typeof rest !== "object") return null;
    if (parts.length > 1 || this.at < this.#path.length)
      throw malformed(this.#path, `\`:${rest.name}<path>\` has to be the last segment, alone`);
    return { kind: "rest", name: rest.name, mayBeEmpty: false };
  }
}

function decoded(path: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw malformed(path, `\`${text}\` is not percent-encoded rightly`, error);
  }
}

function namesOf(path: string, segments: readonly Segment[]): string[] {
  const names = segments.flatMap((segment) => {
    if (segment.kind === "text") return [];
    if (segment.kind === "rest") return [segment.name];
    return segment.parts.flatMap((part) => (typeof part === "string" ? [] : [part.name]));
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw malformed(path, `two parameters are called \`${twice}\``);
  if (names.includes("__proto__")) throw malformed(path, "`__proto__` is no name for a parameter");
  return names;
}

function malformed(path: string, why: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`the path ${path} is no pattern: ${why}`, { cause });
}
