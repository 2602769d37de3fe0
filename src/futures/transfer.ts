/*
 * Transfers: what is moved to the other thread rather than copied.
 *
 * Strategy: a value is marked, on either side; whoever sends it looks for its mark. A mark goes with the value, not with
 * the call, so arguments stay plain in the types.
 * Limits: only an argument as a whole, or a result as a whole, is looked at; what is inside is named in the list.
 */
import type { TransferListItem } from "node:worker_threads";
import { isAnyArrayBuffer, isSharedArrayBuffer } from "node:util/types";
import { wrongType } from "../core/arguments.ts";

const marks = new WeakMap<object, readonly TransferListItem[]>();

/**
 * Marks a value to be moved when it is an argument or the result of a call, or of a callback, not copied: a megabyte costs what a number
 * does. What was moved is empty on the side that it came from; so a call with moved arguments is not given to another
 * thread when its own is lost before it began, but fails with a {@link WorkerLostError}. To another process it is copied
 * all the same, and stays here.
 *
 * **Cancellation:** a call that is cancelled before it was sent has moved nothing.
 *
 * @param value the argument or the result as a whole, an object
 * @param list what of it is moved: ArrayBuffers, MessagePorts, streams. Left out: the value itself, or the buffer that it is
 *   a view of, with all other views of it
 * @returns the value
 * @throws TypeError when nothing of it can be moved: for text, for a view of shared memory
 *
 * @example
 * ```ts
 * import { transfer } from "ambit/futures";
 *
 * const pixels = new Uint8Array(1024);
 * transfer(pixels) === pixels; // => true
 * transfer({ width: 32, pixels }, [pixels.buffer]).width; // => 32
 * ```
 */
export function transfer<T extends object>(value: T, list?: readonly TransferListItem[]): T {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    throw wrongType("value", "an object that can be moved to another thread", value);
  const moved = list ?? [itself(value)];
  if (!Array.isArray(moved)) throw wrongType("list", "a list of what is moved", list);
  marks.set(value, moved);
  return value;
}

function itself(value: object): TransferListItem {
  if (!ArrayBuffer.isView(value)) return value as TransferListItem;
  const { buffer } = value;
  if (isSharedArrayBuffer(buffer) || !isAnyArrayBuffer(buffer))
    throw wrongType(
      "value",
      "a view of memory that is not shared: that is there on both sides",
      value,
    );
  return buffer;
}

/** Puts what is to be moved with those values onto the list; tells whether that is anything. @throws TypeError @internal */
export function collectTransfers(values: readonly unknown[], list: TransferListItem[]): boolean {
  let any = false;
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    const moved = marks.get(value);
    if (moved === undefined) continue;
    any = true;
    for (const item of moved) {
      if (list.includes(item)) continue;
      expectThere(item);
      list.push(item);
    }
  }
  return any;
}

/** Node.js 20 sends a message with a buffer that is gone nowhere, without a word. */
function expectThere(item: TransferListItem): void {
  if (!isAnyArrayBuffer(item) || item.byteLength > 0) return;
  try {
    structuredClone(item);
  } catch (cause) {
    const words = "transfer: its memory was moved to another thread before: nothing is left here";
    throw new TypeError(words, { cause });
  }
}
