/*
 * Making a program that shows a difference small: delta debugging on its statements.
 *
 * Strategy: tries to leave out runs of statements, long ones first; to put a block in the place of the statement around
 * it; to empty blocks, drop items and simplify arguments. What still shows the difference is kept, until nothing more
 * can go. The caller runs both sides each time.
 */
import type { Objects, Program, Statement } from "./program.ts";

type Block = readonly Statement[];

/** The smaller program; `differs` says whether a candidate still shows what is looked for. */
export async function shrink(
  program: Program,
  differs: (candidate: Program) => boolean | Promise<boolean>,
  attempts = 2000,
): Promise<Program> {
  let best = program;
  let left = attempts;
  for (let again = true; again;) {
    again = false;
    for (const candidate of candidatesOf(best)) {
      if (left-- <= 0) return best;
      if (!(await differs(candidate))) continue;
      best = candidate;
      again = true;
      break;
    }
  }
  return best;
}

function* candidatesOf(program: Program): Generator<Program> {
  for (const [fn, { body, value }] of program.functions.entries()) {
    for (const smaller of smallerBlocks(body)) {
      const functions = program.functions.with(fn, { body: smaller, value });
      yield { ...program, functions };
    }
  }
  for (const objects of smallerObjects(program.objects)) yield { ...program, objects };
}

/** The block with less in it, the largest cuts first. */
function* smallerBlocks(block: Block): Generator<Statement[]> {
  for (let length = block.length; length > 0; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = 0; at < block.length; at += length) {
      yield block.filter((_, index) => index < at || index >= at + length);
    }
  }
  for (const [at, statement] of block.entries()) {
    for (const inner of Object.values(statement.blocks ?? {})) {
      if (inner.length > 0) yield block.toSpliced(at, 1, ...inner);
    }
    for (const smaller of smallerStatements(statement)) yield block.with(at, smaller);
  }
}

function* smallerStatements(statement: Statement): Generator<Statement> {
  const { blocks = {}, items = [], args = {} } = statement;
  for (const [name, inner] of Object.entries(blocks)) {
    for (const smaller of smallerBlocks(inner)) {
      yield { ...statement, blocks: { ...blocks, [name]: smaller } };
    }
  }
  if (items.length > 1) {
    for (const at of items.keys()) yield { ...statement, items: items.toSpliced(at, 1) };
  }
  if (typeof args["message"] === "string") yield { ...statement, args: { ...args, message: null } };
  if (args["after"] !== undefined && args["after"] !== "")
    yield { ...statement, args: { ...args, after: "" } };
  for (const name of ["ms", "by", "times"]) {
    const value = args[name];
    if (typeof value === "number" && value > 1)
      yield { ...statement, args: { ...args, [name]: value - 1 } };
  }
  if (statement.attempted === true) yield { ...statement, attempted: false };
}

/** Fewer permits, smaller queues. */
function* smallerObjects(objects: Objects): Generator<Objects> {
  for (const [at, { kind, maxsize }] of objects.queues.entries()) {
    if (kind !== "Queue")
      yield { ...objects, queues: objects.queues.with(at, { kind: "Queue", maxsize }) };
    if (maxsize > 0)
      yield { ...objects, queues: objects.queues.with(at, { kind, maxsize: maxsize - 1 }) };
  }
}
