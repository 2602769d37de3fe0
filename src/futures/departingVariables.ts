/*
 * The context variables that go with a call to its worker; `arrivedContext.ts` is where they arrive.
 */
import { Context } from "../core/context.ts";
import type { ContextVar } from "../core/contextVar.ts";
import { ambientScope } from "../core/scope.ts";
import type { Medium } from "./medium.ts";
import type { Variables } from "./protocol.ts";

/** The caller's context variables whose values can travel; null when there are none. @internal */
export function ambientVariables(medium: Medium): Variables | null {
  const { context } = ambientScope().home;
  if (!(context instanceof Context) || context.size === 0) return null;
  const variables: [string, unknown][] = [];
  for (const [variable, value] of context.entries()) {
    if (medium.takes(value)) {
      variables.push([(variable as ContextVar<unknown>).name, value]);
    }
  }
  return variables;
}
