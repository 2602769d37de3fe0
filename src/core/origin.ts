/*
 * For code that works for another program, in a worker of an executor: where its reports come from, and who awaits its
 * tasks over there.
 *
 * Strategy: the worker says so through a hook, when it is asked. In a program of its own nobody has set one.
 */

/** What a worker knows. @internal */
export interface Client {
  /** Which worker this is, and what it runs for whom. */
  origin(): string;
  /** Stands for who awaits the future over there; null when nobody does. */
  awaiter(future: object): object | null;
}

let client: Client | null = null;

/** From now on code here works for that client. @internal */
export function workFor(one: Client): void {
  client = one;
}

/** Which worker this is, and what it runs for whom; null in a program of its own. @internal */
export function originHere(): string | null {
  return client?.origin() ?? null;
}

/** The report, with where it comes from. @internal */
export function withOrigin<R extends { readonly origin?: string }>(report: R): R {
  if (client === null || report.origin !== undefined) return report;
  return { ...report, origin: client.origin() };
}

/** Who awaits the future in the program that this one works for. @internal */
export function awaiterElsewhere(future: object): object | null {
  return client?.awaiter(future) ?? null;
}
