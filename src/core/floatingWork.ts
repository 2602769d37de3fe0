/*
 * Debug mode: work that goes on after its scope has ended.
 *
 * An async function that was called without `await` outlives the task that called it. Its waits are ended with the
 * scope, its next one is refused; that one is reported, with where it is and where the work was started.
 * Strategy: a wait that is pending when its scope ends has in its stack the call that started it.
 * Limits: work that had no wait of Ambit's before its scope ended does not show where it was started; then there is the
 * place where its task was created.
 */
import { type Debugged, noteDebug } from "./debugMode.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import { frameLines, framesHere, framesOf, placeField } from "./places.ts";

const started = new WeakMap<object, readonly FrameCallGraphEntry[]>();

/** Scopes have ended around waits that were left floating in them. @internal */
export function rememberFloating(scopes: readonly object[], waits: readonly object[]): void {
  const frames = waits.map((wait) => framesOf(wait)).find((each) => each.length > 0);
  if (frames === undefined) return;
  for (const scope of scopes) if (!started.has(scope)) started.set(scope, frames);
}

interface EndedScope {
  readonly loop: Debugged;
  readonly home: { readonly body: object | null };
}

/** Reports a wait that was refused because its scope has ended. @internal */
export function reportLateWait(scope: EndedScope, label: string, above: object): void {
  noteDebug(scope.loop);
  const task = scope.home.body;
  const waits = framesHere(above);
  const before = started.get(scope) ?? [];
  const created = task === null ? [] : framesOf(task);
  scope.loop.callExceptionHandler({
    message: `${label} was refused: it was called by work that was left running after its scope had ended`,
    ...(task === null ? {} : { task }),
    ...placeField("waitedAt", waits),
    // The outermost call is the one that the task's own body made.
    ...placeField("startedAt", before.slice(-1)),
    ...placeField("createdAt", created),
    details: [
      ...frameLines(`${label} was called`, waits),
      ...frameLines("the work was started", before),
      ...frameLines("its task was created", created),
    ].join("\n"),
  });
}
