/*
 * The schemas of a route, by the Standard Schema interface (standardschema.dev): zod, valibot, arktype as they are.
 *
 * Only types: what validates is `validation.ts`.
 */

/** The part of Standard Schema v1 that is needed here. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What of a request is checked before its handler runs, and what the answers look like. */
export interface RouteSchemas {
  /** The body: JSON, or a form. */
  readonly body?: StandardSchema;
  readonly query?: StandardSchema;
  readonly params?: StandardSchema;
  readonly headers?: StandardSchema;
  readonly cookies?: StandardSchema;
  /** By status, for the OpenAPI document. */
  readonly responses?: Readonly<Record<number, StandardSchema | string>>;
}

type OutputOf<S> = S extends StandardSchema<unknown, infer Output> ? Output : never;

/** What `request.valid` holds, for those schemas. */
export type Valid<S extends RouteSchemas> = {
  readonly [K in keyof S & ("body" | "query" | "params" | "headers" | "cookies")]: OutputOf<S[K]>;
};
