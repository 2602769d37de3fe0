/*
 * JsonSchemas: the schemas of a document, as JSON Schema (2020-12), and those that have names.
 *
 * Strategy: asks a schema itself, by Standard JSON Schema (`~standard.jsonSchema`: zod and arktype have it), after the
 * program's own function. What a schema refers to by its own `$defs`, and a schema that refers to itself, moves to the
 * document's components, and the references with it. Two of one name that are the same are one.
 * Limits: a schema that can't be told says so in the place of its description: the rest of the document is worth having.
 */
import type { StandardSchema } from "./schemas.ts";

/** A JSON Schema, of the draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Which side of a schema: what it takes, or what it makes of that. */
export type SchemaSide = "input" | "output";

/** Tells a schema as JSON Schema; undefined to let the schema tell itself. */
export type ToJsonSchema = (schema: StandardSchema, side: SchemaSide) => JsonSchema | undefined;

/** The part of Standard JSON Schema that is needed here. */
interface Telling {
  readonly jsonSchema?: Readonly<
    Record<SchemaSide, (options: { readonly target: string }) => JsonSchema>
  >;
}

const TARGET = "draft-2020-12";

/** @internal */
export class JsonSchemas {
  readonly #own: ToJsonSchema | null;
  readonly #named = new Map<string, JsonSchema>();
  /** The same, as they were told, before their references were renamed. */
  readonly #texts = new Map<string, string>();

  constructor(own: ToJsonSchema | null) {
    this.#own = own;
  }

  /** Those that have names. */
  get components(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** @param name for a schema that refers to itself */
  of(schema: StandardSchema, side: SchemaSide, name: string): JsonSchema {
    const told = this.#told(schema, side);
    const { $schema: _, $id: __, $defs = {}, ...root } = told;
    const names = new Map<string, string>();
    for (const [key, definition] of Object.entries($defs as Record<string, JsonSchema>))
      names.set(`#/$defs/${escaped(key)}`, this.#reserve(key, definition));
    const selfRefers = refersTo(told, "#");
    if (selfRefers) names.set("#", this.#reserve(name, root));
    for (const [key, definition] of Object.entries($defs as Record<string, JsonSchema>))
      this.#named.set(
        names.get(`#/$defs/${escaped(key)}`) as string,
        renamed(definition, names) as JsonSchema,
      );
    const result = renamed(root, names) as JsonSchema;
    if (!selfRefers) return result;
    const own = names.get("#") as string;
    this.#named.set(own, result);
    return reference(own);
  }

  /** Adds one that the document itself needs. */
  add(name: string, schema: JsonSchema): JsonSchema {
    const free = this.#reserve(name, schema);
    this.#named.set(free, schema);
    return reference(free);
  }

  /** What a reference within the document stands for; the schema itself when it's none. */
  resolved(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    if (typeof $ref !== "string" || !$ref.startsWith(PREFIX)) return schema;
    return this.#named.get($ref.slice(PREFIX.length)) ?? schema;
  }

  #told(schema: StandardSchema, side: SchemaSide): JsonSchema {
    try {
      const own = this.#own?.(schema, side);
      if (own !== undefined) return own;
      const { jsonSchema } = schema["~standard"] as Telling;
      if (jsonSchema !== undefined) return jsonSchema[side]({ target: TARGET });
      const { vendor } = schema["~standard"];
      return { description: `not told: a schema of ${vendor}, which needs \`toJsonSchema\`` };
    } catch (error) {
      return { description: `not told: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  /** A name that is free, or is of the same schema. */
  #reserve(wanted: string, schema: JsonSchema): string {
    const name = wanted.replaceAll(/[^A-Za-z0-9._-]/g, "_") || "Schema";
    const text = JSON.stringify(schema);
    for (let turn = 1; ; turn++) {
      const free = turn === 1 ? name : `${name}${turn}`;
      const key = this.#texts.get(free);
      if (key !== undefined && key !== text) continue;
      this.#texts.set(free, text);
      return free;
    }
  }
}

const PREFIX = "#/components/schemas/";

function reference(name: string): JsonSchema {
  return { $ref: PREFIX + name };
}

/** Of a JSON pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function refersTo(value: unknown, target: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => refersTo(each, target));
  return Object.entries(value).some(
    ([key, each]) => (key === "$ref" && each === target) || refersTo(each, target),
  );
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const name = key === "$ref" ? names.get(each as string) : undefined;
      return [key, name === undefined ? renamed(each, names) : PREFIX + name];
    }),
  );
}
