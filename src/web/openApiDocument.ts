/*
 * OpenApiDocument: what an OpenAPI 3.1 document is made of, as far as one is written here.
 */
import type { JsonSchema } from "./jsonSchemas.ts";

/** Where the application is reached. */
export interface OpenApiServer {
  readonly url: string;
  readonly description?: string;
}

/** A parameter of an operation. */
export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly required: boolean;
  readonly description?: string;
  readonly deprecated?: true;
  /** Any one of these; an empty list for none. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly schema: JsonSchema;
}

/** Media types and what their content looks like. */
export type OpenApiContent = Readonly<Record<string, { readonly schema: JsonSchema }>>;

/** An answer of an operation. */
export interface OpenApiResponse {
  readonly description: string;
  readonly content?: OpenApiContent;
}

/** What one method of a path does. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: true;
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: OpenApiContent };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

/** The methods of a path, in lower case. */
export type OpenApiPathItem = Readonly<Record<string, OpenApiOperation>>;

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly servers?: readonly OpenApiServer[];
  readonly paths: Readonly<Record<string, OpenApiPathItem>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes?: Readonly<Record<string, object>>;
  };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly tags?: readonly { readonly name: string }[];
}
