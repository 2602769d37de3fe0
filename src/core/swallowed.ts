/*
 * Debug mode: cancellations that were swallowed.
 *
 * JavaScript's `catch` catches a CancelledError like any other error, and a task that does not throw it on goes on as if
 * nothing had happened. Whether code after a cancel is clean-up or a task that will not stop cannot be known; these are
 * the signs, each taken once per cancel, and none of them while the cancelled scope has ended or `uncancel` took the
 * cancel back:
 * - it waits again where the cancel was thrown, called by the same code: a loop went round;
 * - the cancel was handed on to a task that it awaited, that task ended with a value, and it waits again;
 * - it begins a wait more than GRACE after the cancel was thrown;
 * - the task ends with a value, or with none after further waits. A task that just ends has done what was asked.
 * Limits: clean-up that takes longer than GRACE is reported too; the message says so.
 */
import { cancellerOf, tellInterrupted } from "./cancelStacks.ts";
import { type Debugged, noteDebug } from "./debugMode.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import { frameLines, framesHere, framesOf, placeField } from "./places.ts";

/** How long clean-up may begin new waits, in milliseconds of the loop's clock. */
const GRACE = 5000;

/** These wait again by themselves where a cancel has ended them: for children, and for the lock of a condition. */
const PERSISTENT: ReadonlySet<string> = new Set(["taskGroup", "Lock.acquire"]);

interface CancelledScope {
  readonly loop: Debugged;
  readonly parent: CancelledScope | null;
  readonly owner: CancelledScope;
  readonly home: { readonly body: object | null };
  readonly cancels: number;
}

interface CancelledWait {
  readonly label: string;
  readonly target: unknown;
  /** Null when the cancel has ended it; it may have been handed on to who is awaited. */
  readonly ring: object | null;
}

/** What is awaited, where it can end with a value in spite of a cancel. */
interface Awaited {
  readonly state: string;
}

interface Place {
  readonly label: string;
  readonly frames: readonly FrameCallGraphEntry[];
}

interface Delivery {
  readonly error: Error;
  readonly at: number;
  /** The waits that it ended. */
  readonly places: readonly Place[];
  /** Those that it was handed on to, while none of the waits had ended. */
  readonly handedTo: readonly Awaited[];
  waits: number;
}

const deliveries = new WeakMap<CancelledScope, Delivery>();

/** A cancel of the scope has reached these waits. @internal */
export function cancelReached(
  scope: CancelledScope,
  error: Error,
  waits: readonly CancelledWait[],
): void {
  noteDebug(scope.loop);
  const places = waits
    .filter((wait) => wait.ring === null)
    .map((wait) => ({ label: wait.label, frames: framesOf(wait) }));
  const handedTo = waits.filter((wait) => wait.ring !== null).map((wait) => wait.target as Awaited);
  deliver(scope, error, places, places.length === 0 ? handedTo : []);
}

/** A request that was left for the next wait is thrown by it. @internal */
export function requestTaken(
  scope: CancelledScope,
  error: Error,
  label: string,
  above: object,
): void {
  noteDebug(scope.loop);
  deliver(scope, error, [{ label, frames: framesHere(above) }], []);
}

function deliver(
  scope: CancelledScope,
  error: Error,
  places: readonly Place[],
  handedTo: readonly Awaited[],
): void {
  for (const { label, frames } of places) tellInterrupted(error, label, frames);
  deliveries.set(scope, { error, at: scope.loop.time(), places, handedTo, waits: 0 });
}

/** A wait begins: looks whether a cancel above it should have ended its code. @internal */
export function lookForSwallowed(scope: CancelledScope, wait: CancelledWait): void {
  for (let at = scope; ; at = at.parent as CancelledScope) {
    const delivery = deliveries.get(at);
    if (delivery !== undefined) waitsOn(at, delivery, wait);
    if (at === scope.owner) return;
  }
}

function waitsOn(scope: CancelledScope, delivery: Delivery, wait: CancelledWait): void {
  if (scope.cancels === 0) return void deliveries.delete(scope);
  delivery.waits++;
  const sign = signOf(scope, delivery, wait);
  if (sign === null) return;
  deliveries.delete(scope);
  report(scope, delivery, sign, { label: wait.label, frames: framesOf(wait) });
}

function signOf(scope: CancelledScope, delivery: Delivery, wait: CancelledWait): string | null {
  if (isBack(delivery, wait)) return "it waits again where the cancel was thrown";
  const { handedTo } = delivery;
  if (handedTo.length > 0 && handedTo.every(({ state }) => state === "fulfilled"))
    return "what it awaited was cancelled with it and gave a value all the same";
  const later = scope.loop.time() - delivery.at;
  if (later <= GRACE) return null;
  return `it begins another wait ${Math.round(later)} ms after the cancel was thrown (a clean-up that long should have a timeout of its own)`;
}

function isBack({ places }: Delivery, wait: CancelledWait): boolean {
  if (PERSISTENT.has(wait.label)) return false;
  const frames = framesOf(wait);
  if (frames.length === 0) return false;
  return places.some((place) => place.label === wait.label && areSame(place.frames, frames));
}

/**
 * Whether the calls that led to two waits are the same. After the first wait of a function its callers are those that
 * await it, and stand at their `await` and no longer at the call; plain ones between are gone from the stack. So one
 * stack is what is left of the other.
 */
function areSame(a: readonly FrameCallGraphEntry[], b: readonly FrameCallGraphEntry[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const [innermost, ...callers] = short;
  const [other, ...others] = long;
  if (innermost?.place !== other?.place || innermost?.column !== other?.column) return false;
  let found = 0;
  for (const { place } of others) if (callers[found]?.place === place) found++;
  return found === callers.length;
}

/** A task has ended with a value: looks whether it should have. @internal */
export function lookForSwallowedAtEnd(scope: CancelledScope, value: unknown): void {
  const delivery = deliveries.get(scope);
  if (delivery === undefined || scope.cancels === 0 || delivery.places.length === 0) return;
  deliveries.delete(scope);
  if (value === undefined && delivery.waits === 0) return;
  report(scope, delivery, "it ended with a value", null);
}

function report(
  scope: CancelledScope,
  { error, places }: Delivery,
  sign: string,
  next: Place | null,
): void {
  const task = scope.home.body;
  const created = task === null ? [] : framesOf(task);
  const by = cancellerOf(error);
  const thrown = places.find(({ frames }) => frames.length > 0);
  scope.loop.callExceptionHandler({
    message: `a CancelledError was swallowed: ${sign}`,
    ...(task === null ? {} : { task }),
    exception: error,
    ...placeField("createdAt", created),
    ...placeField("waitedAt", thrown?.frames ?? []),
    ...placeField("nextWaitAt", next?.frames ?? []),
    details: [
      ...frameLines("cancel was called", by),
      ...(thrown === undefined
        ? []
        : frameLines(`it was thrown out of ${thrown.label}`, thrown.frames)),
      ...(next === null ? [] : frameLines(`now it waits in ${next.label}`, next.frames)),
      ...frameLines("the task was created", created),
      "throw it on (rethrowIfCancelled is the first line of a catch), or say that the cancel is settled: task.uncancel()",
    ].join("\n"),
  });
}
