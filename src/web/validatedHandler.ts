/*
 * A handler behind the schemas of its route: it runs when they are content.
 */
import type { AnyHandler } from "./handler.ts";
import type { RouteSchemas } from "./schemas.ts";
import { checkSchemas, hasSchemas, validate } from "./validation.ts";

/**
 * The handler itself where there is nothing to check.
 * @throws TypeError for a schema that is none
 * @internal
 */
export function validated(handler: AnyHandler, schemas: RouteSchemas): AnyHandler {
  checkSchemas(schemas);
  if (!hasSchemas(schemas)) return handler;
  return (request) => {
    const checking = validate(request, schemas);
    return checking === undefined ? handler(request) : checking.then(() => handler(request));
  };
}
