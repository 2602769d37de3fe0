/*
 * An operation of an OpenAPI document, from a route.
 */
import { STATUS_CODES } from "node:http";
import type { JsonSchema, JsonSchemas } from "./jsonSchemas.ts";
import type {
  OpenApiContent,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from "./openApiDocument.ts";
import { parametersOf, type PathTemplate, refined } from "./openApiParameters.ts";
import type { RouteEntry } from "./routeEntry.ts";
import type { RouteOptions } from "./routeOptions.ts";
import { hasSchemas, isSchema } from "./validation.ts";

/** What a ValidationError is answered with (RFC 9457). */
const INVALID: JsonSchema = {
  type: "object",
  description: "What is wrong with the request, and where.",
  properties: {
    title: { type: "string" },
    status: { type: "integer", const: 422 },
    detail: { type: "string" },
    issues: {
      type: "array",
      items: {
        type: "object",
        properties: {
          path: { type: "string", examples: ["body.name"] },
          message: { type: "string" },
        },
        required: ["path", "message"],
      },
    },
  },
  required: ["title", "status", "issues"],
};

/** @internal */
export function operationOf(
  entry: RouteEntry,
  template: PathTemplate,
  id: string,
  schemas: JsonSchemas,
): OpenApiOperation {
  const { options } = entry;
  const parameters = allParameters(options, template, id, schemas);
  const { summary, description, tags, deprecated, body, security } = options;
  return {
    operationId: id,
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
    ...(deprecated === true ? { deprecated: true } : {}),
    ...(security === undefined ? {} : { security: security.map((name) => ({ [name]: [] })) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: bodyContent(schemas.of(body, "input", `${id}Body`), schemas),
          },
        }),
    responses: responsesOf(options, id, schemas),
  };
}

function allParameters(
  options: RouteOptions,
  template: PathTemplate,
  id: string,
  schemas: JsonSchemas,
): OpenApiParameter[] {
  const { params, query, headers, cookies } = options;
  const own = template.parameters;
  return [
    ...(params === undefined
      ? own
      : refined(own, schemas.of(params, "input", `${id}Params`), schemas)),
    ...(query === undefined
      ? []
      : parametersOf("query", schemas.of(query, "input", `${id}Query`), schemas)),
    ...(headers === undefined
      ? []
      : parametersOf("header", schemas.of(headers, "input", `${id}Headers`), schemas)),
    ...(cookies === undefined
      ? []
      : parametersOf("cookie", schemas.of(cookies, "input", `${id}Cookies`), schemas)),
  ];
}

/** A body with a file in it is a form; any other is JSON. */
function bodyContent(schema: JsonSchema, schemas: JsonSchemas): OpenApiContent {
  const { properties = {} } = schemas.resolved(schema) as {
    properties?: Readonly<Record<string, JsonSchema>>;
  };
  const hasFile = Object.values(properties).some(isFile);
  return { [hasFile ? "multipart/form-data" : "application/json"]: { schema } };
}

function isFile(schema: JsonSchema): boolean {
  const { format, contentMediaType, items } = schema as { items?: JsonSchema } & JsonSchema;
  return (
    format === "binary" ||
    (typeof contentMediaType === "string" && !/json/.test(contentMediaType)) ||
    (typeof items === "object" && items !== null && isFile(items))
  );
}

function responsesOf(
  options: RouteOptions,
  id: string,
  schemas: JsonSchemas,
): Record<string, OpenApiResponse> {
  const told: Record<string, OpenApiResponse> = {};
  for (const [status, answer] of Object.entries(options.responses ?? {}))
    told[status] = responseOf(status, answer, id, schemas);
  if (!Object.keys(told).some((status) => Number(status) < 400))
    told["200"] = { description: "OK" };
  if (hasSchemas(options)) {
    const schema = schemas.add("ValidationProblem", INVALID);
    told["422"] ??= {
      description: reason("422"),
      content: { "application/problem+json": { schema } },
    };
  }
  if (options.body !== undefined) told["415"] ??= { description: reason("415") };
  return told;
}

function responseOf(
  status: string,
  answer: unknown,
  id: string,
  schemas: JsonSchemas,
): OpenApiResponse {
  if (typeof answer === "string") return { description: answer };
  if (!isSchema(answer)) return { description: reason(status) };
  const schema = schemas.of(answer, "output", `${id}${status}`);
  const { description } = schema;
  return {
    description: typeof description === "string" ? description : reason(status),
    content: { "application/json": { schema } },
  };
}

function reason(status: string): string {
  return STATUS_CODES[status] ?? `Status ${status}`;
}
