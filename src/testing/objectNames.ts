/*
 * How a report calls the objects that tasks wait for: `a Lock`, `Lock #2` where there are several, `Lock 'accounts'` where
 * it has a name.
 */
import { nameOf } from "../core/naming.ts";

/** @internal */
export class ObjectNames {
  readonly #numbers = new Map<object, number>();
  readonly #kinds = new Map<string, number>();

  /** Numbers the objects without a name, each kind by itself, in the order given. */
  constructor(objects: readonly unknown[]) {
    for (const object of new Set(objects)) {
      if (typeof object !== "object" || object === null || nameOf(object) !== undefined) continue;
      const kind = kindOf(object);
      const number = (this.#kinds.get(kind) ?? 0) + 1;
      this.#kinds.set(kind, number);
      this.#numbers.set(object, number);
    }
  }

  /** `a Lock`, `an Event`, `full Queue #2` with `"full"` as the attribute. */
  of(object: object, attribute = ""): string {
    const kind = kindOf(object);
    const before = attribute === "" ? "" : `${attribute} `;
    const name = nameOf(object);
    if (name !== undefined) return `${before}${kind} '${name}'`;
    if ((this.#kinds.get(kind) ?? 0) > 1)
      return `${before}${kind} #${this.#numbers.get(object) ?? "?"}`;
    const words = `${before}${kind}`;
    return `${/^[aeiou]/i.test(words) ? "an" : "a"} ${words}`;
  }
}

function kindOf(object: object): string {
  return object.constructor?.name ?? "object";
}
