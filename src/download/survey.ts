/*
 * A look at a whole list before anything starts: no two items may have one output.
 *
 * Only names that need no server can be known before.
 */
import { itemOf, type DownloadItem } from "./item.ts";
import type { NameTemplate } from "./nameTemplate.ts";
import type { Reservations } from "./reservations.ts";
import { checkedPath } from "./safeName.ts";

/** @internal */
export function survey(
  items: readonly (DownloadItem | string | URL)[],
  name: NameTemplate,
  reservations: Reservations,
): void {
  items.forEach((item, index) => {
    const path = plannedPath(item, index, name);
    if (path === null || reservations.take(path)) return;
    const first = items.findIndex((other, at) => plannedPath(other, at, name) === path);
    const others = first === index ? "an item" : `items[${first}]`;
    throw new RangeError(
      `Expected \`items\` to have an output each: ${others} and items[${index}] have ${JSON.stringify(path)}`,
    );
  });
}

/** Where the item's file will go; null when that is not known before, or it cannot be. @internal */
export function plannedPath(
  input: DownloadItem | string | URL,
  index: number,
  name: NameTemplate,
): string | null {
  const { url, output } = itemOf(input);
  try {
    if (output !== undefined) return checkedPath(output);
    return name.asksServer ? null : name.path(new URL(url), index);
  } catch {
    return null;
  }
}
