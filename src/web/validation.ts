/*
 * Validation: a request's parts, checked by the schemas of its route before its handler runs.
 *
 * Strategy: parameters, headers, query and cookies first; what is wrong with them is told together, and the body of such
 * a request is never read. Then the body. What a schema makes of a value is what the handler gets. A route whose schemas
 * all answer at once, and which has none for the body, costs no promise.
 */
import { wrongType } from "../core/arguments.ts";
import { grouped } from "./form.ts";
import { FORM_TYPES, formTypeOf } from "./formReader.ts";
import { UnsupportedMediaType } from "./httpError.ts";
import type { ServerRequest } from "./request.ts";
import type { RouteSchemas, SchemaIssue, SchemaResult, StandardSchema } from "./schemas.ts";
import { ValidationError, type ValidationIssue } from "./validationError.ts";

/** A request, whatever its types. */
type AnyRequest = ServerRequest<unknown, unknown, unknown, unknown>;

const HEAD_PARTS = ["params", "headers", "query", "cookies"] as const;
type HeadPart = (typeof HEAD_PARTS)[number];
type CheckedPart = HeadPart | "body";

const CHECKED_PARTS: readonly CheckedPart[] = [...HEAD_PARTS, "body"];
const JSON_TYPE = /^application\/(?:[^\s;]+\+)?json\s*(?:;|$)/i;

/** Whether there is something to check. @internal */
export function hasSchemas(schemas: RouteSchemas): boolean {
  return CHECKED_PARTS.some((part) => schemas[part] !== undefined);
}

/**
 * @throws TypeError for a schema that is none
 * @internal
 */
export function checkSchemas(schemas: RouteSchemas): void {
  for (const part of CHECKED_PARTS) {
    const schema: unknown = schemas[part];
    if (schema !== undefined && !isSchema(schema))
      throw wrongType(`options.${part}`, "a schema by Standard Schema, of zod or the like", schema);
  }
}

/** Of arktype a schema is a function. @internal */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return typeof standard?.validate === "function";
}

/**
 * Checks a request, and puts what came of it into `request.valid`.
 *
 * A body is JSON or a form, by its Content-Type; of a form, and of the query, a name that comes more than once has a
 * list. Names of headers are in lower case. Without a body the schema sees `undefined`.
 *
 * **Cancellation:** as reading the body, and as what a schema waits in.
 *
 * @returns a promise only when something had to be waited for
 * @throws {@link ValidationError} when something is wrong: first of what is beside the body, then of that
 * @throws {@link UnsupportedMediaType} when the body is neither JSON nor a form
 */
export function validate(request: AnyRequest, schemas: RouteSchemas): void | Promise<void> {
  return new Validation(request, schemas).from(0);
}

class Validation {
  readonly #request: AnyRequest;
  readonly #schemas: RouteSchemas;
  readonly #valid: Partial<Record<CheckedPart, unknown>> = {};
  readonly #issues: ValidationIssue[] = [];

  constructor(request: AnyRequest, schemas: RouteSchemas) {
    this.#request = request;
    this.#schemas = schemas;
  }

  /** Goes on with the part of that index. */
  from(index: number): void | Promise<void> {
    for (let at = index; at < HEAD_PARTS.length; at++) {
      const part = HEAD_PARTS[at] as HeadPart;
      const schema = this.#schemas[part];
      if (schema === undefined) continue;
      const result = schema["~standard"].validate(valueOf(this.#request, part));
      if (result instanceof Promise) return this.#later(part, result, at + 1);
      this.#take(part, result);
    }
    this.#refuse();
    if (this.#schemas.body !== undefined) return this.#body(this.#schemas.body);
    this.#done();
  }

  async #later(
    part: HeadPart,
    result: Promise<SchemaResult<unknown>>,
    next: number,
  ): Promise<void> {
    this.#take(part, await result);
    return this.from(next);
  }

  async #body(schema: StandardSchema): Promise<void> {
    const result = schema["~standard"].validate(await bodyOf(this.#request));
    this.#take("body", await result);
    this.#refuse();
    this.#done();
  }

  #take(part: CheckedPart, result: SchemaResult<unknown>): void {
    if (result.issues === undefined) this.#valid[part] = result.value;
    else for (const issue of result.issues) this.#issues.push(told(part, issue));
  }

  #refuse(): void {
    if (this.#issues.length > 0) throw new ValidationError(this.#issues);
  }

  #done(): void {
    (this.#request as { valid: unknown }).valid = this.#valid;
  }
}

function valueOf(request: AnyRequest, part: HeadPart): unknown {
  switch (part) {
    case "params":
      return request.params;
    case "headers":
      return Object.fromEntries(request.headers);
    case "query":
      return grouped(request.query);
    case "cookies":
      return Object.fromEntries(request.cookies);
  }
}

async function bodyOf(request: AnyRequest): Promise<unknown> {
  if (request.exchange.incoming === null || request.body.length === 0) return undefined;
  const type = request.headers.get("content-type");
  if (type !== null && JSON_TYPE.test(type)) return request.json();
  if (formTypeOf(type) !== null) return (await request.form()).toObject();
  throw new UnsupportedMediaType(
    `the body is neither JSON nor a form, but ${type ?? "of no type"}`,
    {
      headers: { accept: ["application/json", ...FORM_TYPES].join(", ") },
    },
  );
}

function told(part: CheckedPart, issue: SchemaIssue): ValidationIssue {
  const steps = (issue.path ?? []).map((step) => stepText(step));
  return { path: part + steps.join(""), message: issue.message };
}

/** `.name`, `[0]`, `["x-token"]`. */
function stepText(step: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof step === "object" ? step.key : step;
  if (typeof key === "number" || /^\d+$/.test(String(key))) return `[${String(key)}]`;
  const text = String(key);
  return /^[A-Za-z_$][\w$]*$/.test(text) ? `.${text}` : `[${JSON.stringify(text)}]`;
}
