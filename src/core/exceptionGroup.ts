/*
 * ExceptionGroup: several errors as one, kept apart (PEP 654).
 *
 * Strategy: an AggregateError, so that whatever knows those prints it; with Python's `split`, `subgroup` and `derive`,
 * which keep the nesting: what is left of a group inside a group stays in a group.
 * Limits: there is no `except*` in the language; `split` is what it is made of. What is made keeps message and cause,
 * not the stack.
 */
import { outOfRange, wrongType } from "./arguments.ts";

/** Which errors are meant: a class of errors, several, or a function that says. */
export type ErrorCondition =
  | (abstract new (...args: never[]) => Error)
  | readonly (abstract new (...args: never[]) => Error)[]
  | ((error: unknown) => boolean);

/**
 * Several errors that belong together (`ExceptionGroup`); some may be groups themselves.
 *
 * Thrown where no one error is the cause: by `any` and `joiners.any` when all have failed. A task group throws its first
 * error itself.
 *
 * @example
 * ```ts
 * import { ExceptionGroup } from "ambit";
 *
 * const group = new ExceptionGroup([new TypeError("a"), new RangeError("b")], "two went wrong");
 * const [types, rest] = group.split(TypeError);
 * types?.errors.map(String); // => ["TypeError: a"]
 * rest?.errors.map(String); // => ["RangeError: b"]
 * group.subgroup((error) => error instanceof SyntaxError); // => null
 * ```
 */
export class ExceptionGroup extends AggregateError {
  override readonly name: string = "ExceptionGroup";
  declare readonly errors: unknown[];

  /**
   * @param errors at least one
   * @throws RangeError when there are none
   */
  constructor(errors: Iterable<unknown>, message = "several errors", options?: ErrorOptions) {
    const list = [...errors];
    if (list.length === 0) throw outOfRange("errors", "at least one error", list);
    super(list, message, options);
  }

  /** A group of these errors with this group's message and cause; subclasses override it to stay themselves. */
  derive(errors: Iterable<unknown>): ExceptionGroup {
    return new ExceptionGroup(
      errors,
      this.message,
      "cause" in this ? { cause: this.cause } : undefined,
    );
  }

  /**
   * Parts the errors in those that are meant and the rest, nested groups included; null where there are none. The group
   * itself is asked about first: if it is meant, it is returned as it is.
   *
   * @throws TypeError when `condition` is neither a class of errors, nor several, nor a function
   */
  split(condition: ErrorCondition): [matching: ExceptionGroup | null, rest: ExceptionGroup | null] {
    return this.#split(testOf(condition));
  }

  /** The errors that are meant, as {@link ExceptionGroup.split} finds them; null when there are none. */
  subgroup(condition: ErrorCondition): ExceptionGroup | null {
    return this.split(condition)[0];
  }

  #split(test: (error: unknown) => boolean): [ExceptionGroup | null, ExceptionGroup | null] {
    if (test(this)) return [this, null];
    const matching: unknown[] = [];
    const rest: unknown[] = [];
    for (const error of this.errors) {
      if (error instanceof ExceptionGroup) {
        const [inside, outside] = error.#split(test);
        if (inside !== null) matching.push(inside);
        if (outside !== null) rest.push(outside);
      } else if (test(error)) matching.push(error);
      else rest.push(error);
    }
    return [this.#deriveSome(matching), this.#deriveSome(rest)];
  }

  #deriveSome(errors: readonly unknown[]): ExceptionGroup | null {
    return errors.length === 0 ? null : this.derive(errors);
  }
}

function testOf(condition: ErrorCondition): (error: unknown) => boolean {
  if (isErrorClass(condition)) return (error) => error instanceof condition;
  if (Array.isArray(condition) && condition.every(isErrorClass))
    return (error) => condition.some((each) => error instanceof each);
  if (typeof condition === "function") return condition;
  throw wrongType("condition", "an error class, an array of them or a function", condition);
}

function isErrorClass(value: unknown): value is abstract new (...args: never[]) => Error {
  if (typeof value !== "function") return false;
  const { prototype } = value as { prototype: unknown };
  return prototype === Error.prototype || prototype instanceof Error;
}
