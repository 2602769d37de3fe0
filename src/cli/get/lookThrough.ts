/*
 * Looks through all that a run is to get, as far as it can be read twice, before anything is done:
 * that each line makes sense, and that no two files have the same name.
 *
 * Of each name a hash is kept, some bytes; only when two are the same is the list read again, for
 * the line that had it first.
 */
import { Reservations } from "../../download/reservations.ts";
import { ListError } from "./listItem.ts";
import type { Lists } from "./lists.ts";
import type { Planned, Planner } from "./plan.ts";

const STRICT = {
  warn: (): void => {},
  reject: (error: ListError): never => {
    throw error;
  },
};

/**
 * Gives the number of files; null where a list comes through a pipe.
 *
 * **Cancellation:** nothing has been done yet.
 *
 * @param planner makes a new planner, that begins at the first item
 * @throws {@link ListError} when a line makes no sense, or two files have the same name
 */
export async function lookThrough(lists: Lists, planner: () => Planner): Promise<number | null> {
  const names = new Reservations(false);
  let count = 0;
  for await (const { path, where } of planned(lists, planner())) {
    count++;
    if (path !== null && !names.take(path)) throw await doubled(lists, planner(), path, where);
  }
  return lists.rereadable ? count : null;
}

async function* planned(lists: Lists, planner: Planner): AsyncGenerator<Planned, undefined> {
  for await (const item of lists.items(STRICT, "rereadable")) yield planner.plan(item);
  return undefined;
}

/** Looks for the first file that is in the other's way. */
async function doubled(
  lists: Lists,
  planner: Planner,
  path: string,
  where: string,
): Promise<ListError> {
  let first = "another one";
  for await (const other of planned(lists, planner)) {
    const names = new Reservations(false);
    if (other.path === null || !names.take(other.path) || names.take(path)) continue;
    first = other.where;
    break;
  }
  const hint = "give each a name of its own, or use `-o '{host}/{path}'` or `-o '{n}-{name}'`";
  return new ListError(where, `the file \`${path}\` is that of ${first}, too; ${hint}`);
}
