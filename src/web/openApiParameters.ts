/*
 * The parameters of an operation: those of its path by their types, the others by the properties of their schemas.
 */
import type { JsonSchema, JsonSchemas } from "./jsonSchemas.ts";
import type { OpenApiParameter } from "./openApiDocument.ts";
import type { CustomTypes } from "./parameters.ts";
import { type Parameter, parsePattern, type Segment } from "./pathPattern.ts";

/** A path as OpenAPI writes it, and what it holds. @internal */
export interface PathTemplate {
  /** `/users/{id}`. */
  readonly path: string;
  readonly parameters: readonly OpenApiParameter[];
}

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  int: { type: "integer" },
  number: { type: "number" },
  uuid: { type: "string", format: "uuid" },
  date: { type: "string", format: "date" },
  alpha: { type: "string", pattern: "^[A-Za-z]+$" },
  ext: { type: "string", pattern: "^[A-Za-z0-9]+$" },
  slug: { type: "string", pattern: "^[a-z0-9]+(?:-[a-z0-9]+)*$" },
};

/** @internal */
export function pathTemplate(path: string, types?: CustomTypes): PathTemplate {
  const parameters: OpenApiParameter[] = [];
  const note = (name: string, schema: JsonSchema): string => {
    // OpenAPI wants names without braces, and `*` is a name for nobody.
    const shown = name === "*" ? "rest" : name;
    parameters.push({ name: shown, in: "path", required: true, schema });
    return `{${shown}}`;
  };
  const pattern = parsePattern(path, types);
  const segments = pattern.segments.map((segment) => `/${segmentText(segment, note)}`);
  const text = segments.join("") + (pattern.trailingSlash ? "/" : "");
  return { path: text === "" ? "/" : text, parameters };
}

type Note = (name: string, schema: JsonSchema) => string;

function segmentText(segment: Segment, note: Note): string {
  switch (segment.kind) {
    case "text":
      return encoded(segment.text);
    case "parts":
      return segment.parts
        .map((part) => (typeof part === "string" ? encoded(part) : note(part.name, schemaOf(part))))
        .join("");
    case "rest":
      return note(segment.name, { type: "string", description: "the rest of the path" });
  }
}

/** Braces would begin a parameter. */
function encoded(text: string): string {
  return encodeURI(text).replaceAll("?", "%3F").replaceAll("#", "%23");
}

function schemaOf({ type }: Parameter): JsonSchema {
  const { name } = type;
  if (name === null) return { type: "string" };
  if (name.startsWith("re:"))
    return { type: "string", pattern: `^(?:${name.slice("re:".length)})$` };
  return SCHEMAS[name] ?? { type: "string", format: name };
}

/**
 * The properties of an object's schema, each as a parameter; a schema that is no object is one parameter, spread.
 * @internal
 */
export function parametersOf(
  place: "query" | "header" | "cookie",
  schema: JsonSchema,
  schemas: JsonSchemas,
): OpenApiParameter[] {
  const { properties, required = [] } = schemas.resolved(schema) as {
    properties?: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
  };
  if (properties === undefined)
    return place === "query" ? [{ name: "query", in: place, required: false, schema }] : [];
  return Object.entries(properties)
    .filter(([name]) => place !== "header" || !UNTOLD.has(name.toLowerCase()))
    .map(([name, own]) => parameter(name, place, required.includes(name), own));
}

/** Headers that OpenAPI tells elsewhere, and ignores as parameters. */
const UNTOLD = new Set(["accept", "authorization", "content-type"]);

function parameter(
  name: string,
  place: OpenApiParameter["in"],
  required: boolean,
  schema: JsonSchema,
): OpenApiParameter {
  const { description } = schema;
  return {
    name,
    in: place,
    required,
    ...(typeof description === "string" ? { description } : {}),
    ...(schema["deprecated"] === true ? { deprecated: true } : {}),
    schema,
  };
}

/** Parameters of a path whose own schema says more of them than their types do. @internal */
export function refined(
  parameters: readonly OpenApiParameter[],
  schema: JsonSchema,
  schemas: JsonSchemas,
): OpenApiParameter[] {
  const { properties = {} } = schemas.resolved(schema) as {
    properties?: Readonly<Record<string, JsonSchema>>;
  };
  return parameters.map((each) => {
    const own = Object.hasOwn(properties, each.name) ? properties[each.name] : undefined;
    return own === undefined
      ? each
      : parameter(each.name, "path", true, { ...each.schema, ...own });
  });
}
