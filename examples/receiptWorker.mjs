// What the thread of tracedRequest.ts runs. It knows of no trace.
import { createHash } from "node:crypto";

/** @param {{ id: number, cents: number }} order */
export function renderReceipt(order) {
  let seal = JSON.stringify(order);
  for (let round = 0; round < 10_000; round++)
    seal = createHash("sha256").update(seal).digest("hex");
  return `order ${order.id}: ${order.cents} cents, ${seal.slice(0, 8)}`;
}
