/*
 * A JSON Schema for people: its fields as rows, and a value that it might be of.
 *
 * Limits: of alternatives the first is shown in an example; six levels deep.
 */
import type { JsonSchema } from "./jsonSchemas.ts";

/** One field. @internal */
export interface FieldRow {
  /** `items[].name`; empty for the value itself. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** Named schemas. @internal */
export type NamedSchemas = Readonly<Record<string, JsonSchema>>;

const PREFIX = "#/components/schemas/";
const DEEPEST = 6;

/** Keywords that are said as they are: `minimum 1`. */
const SAID = [
  "default",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "pattern",
] as const;

/** The fields of a value, and those within them. @internal */
export function fieldRows(schema: JsonSchema, named: NamedSchemas): FieldRow[] {
  const rows: FieldRow[] = [];
  collect(rows, "", schema, true, named, []);
  const [root] = rows;
  // An object says all by its fields.
  return rows.length > 1 && root?.type === "object" && root.description === ""
    ? rows.slice(1)
    : rows;
}

function collect(
  rows: FieldRow[],
  path: string,
  schema: JsonSchema,
  required: boolean,
  named: NamedSchemas,
  above: readonly JsonSchema[],
): void {
  const own = resolved(schema, named);
  rows.push({ path, type: typeWords(schema), required, description: words(own) });
  if (above.includes(own) || above.length === DEEPEST) return;
  const within = [...above, own];
  const { properties = {}, required: needed = [] } = own as {
    properties?: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
  };
  for (const [name, each] of Object.entries(properties)) {
    const place = path === "" ? name : `${path}.${name}`;
    collect(rows, place, each, needed.includes(name), named, within);
  }
  const items = own["items"] as JsonSchema | undefined;
  if (items !== undefined && hasFields(items, named))
    collect(rows, `${path}[]`, items, true, named, within);
}

function hasFields(schema: JsonSchema, named: NamedSchemas): boolean {
  const own = resolved(schema, named);
  return own["properties"] !== undefined || own["items"] !== undefined;
}

/** `string`, `integer[]`, `User`, `"a" | "b"`. @internal */
export function typeWords(schema: JsonSchema): string {
  const { $ref, type, items, format, enum: values, const: value } = schema;
  if (typeof $ref === "string") return $ref.slice($ref.lastIndexOf("/") + 1);
  if (Array.isArray(values)) return values.map((each) => JSON.stringify(each)).join(" | ");
  if (value !== undefined) return JSON.stringify(value);
  const some = alternatives(schema);
  if (some !== null) return some.map((each) => typeWords(each)).join(" | ");
  if (type === "array") return `${typeWords((items ?? {}) as JsonSchema)}[]`;
  const name = Array.isArray(type) ? type.join(" | ") : typeof type === "string" ? type : "any";
  return typeof format === "string" ? `${name} (${format})` : name;
}

function words(schema: JsonSchema): string {
  const { description } = schema;
  const rules = SAID.filter((name) => isTelling(schema[name])).map(
    (name) => `${spaced(name)} ${JSON.stringify(schema[name])}`,
  );
  const first = typeof description === "string" ? [description] : [];
  return [...first, ...rules].join(", ");
}

/** The bounds of every whole number are those of the language, and no rule of this one. */
function isTelling(value: unknown): boolean {
  return value !== undefined && Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER;
}

function spaced(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] | null {
  const some = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(some) ? (some as JsonSchema[]) : null;
}

function resolved(schema: JsonSchema, named: NamedSchemas): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref !== "string" || !$ref.startsWith(PREFIX)) return schema;
  return named[$ref.slice(PREFIX.length)] ?? schema;
}

/** A value that may be of that schema, to begin with. @internal */
export function exampleOf(schema: JsonSchema, named: NamedSchemas, depth = 0): unknown {
  const own = resolved(schema, named);
  const { examples, enum: values } = own;
  for (const given of [own["example"], own["default"], own["const"]])
    if (given !== undefined) return given;
  for (const list of [examples, values]) if (Array.isArray(list) && list.length > 0) return list[0];
  const [first] = alternatives(own) ?? [];
  if (first !== undefined) return exampleOf(first, named, depth + 1);
  return exampleByType(own, named, depth);
}

function exampleByType(schema: JsonSchema, named: NamedSchemas, depth: number): unknown {
  const {
    type,
    properties = {},
    items,
  } = schema as {
    type?: unknown;
    properties?: Readonly<Record<string, JsonSchema>>;
    items?: JsonSchema;
  };
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      if (depth >= DEEPEST) return {};
      return Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, exampleOf(each, named, depth + 1)]),
      );
    case "array":
      return depth >= DEEPEST || items === undefined ? [] : [exampleOf(items, named, depth + 1)];
    case "string":
      return exampleText(schema["format"]);
    case "integer":
    case "number":
      return schema["minimum"] ?? 0;
    case "boolean":
      return true;
    default:
      return null;
  }
}

function exampleText(format: unknown): string {
  switch (format) {
    case "date":
      return "2026-01-31";
    case "date-time":
      return "2026-01-31T12:00:00Z";
    case "uuid":
      return "00000000-0000-4000-8000-000000000000";
    case "email":
      return "ada@example.com";
    default:
      return "text";
  }
}
