/*
 * The two compilers: a program as the source of plain async functions, in Python and in JavaScript.
 *
 * Strategy: what both languages need (logging, guards, the `try` of an attempted statement, indentation) is here; what an
 * operation is in either language is written beside it in `ops/`. The text is compiled by the engines themselves, so
 * that what is tested is what users write. A task never passes bare through an async function: it would be awaited.
 */
import type { Spell } from "./op.ts";
import { opOf } from "./ops/index.ts";
import type { Argument, Item, Program, Statement } from "./program.ts";

/** What is written differently. */
interface Language {
  readonly name: "python" | "javascript";
  literal(value: Argument): string;
  itemCall(fn: number, place: number): string;
  readonly nothing: string;
  log(place: number): string;
  attempt(lines: string[], place: number): string[];
  guard(object: string, lines: string[]): string[];
}

function indent(lines: readonly string[], by: string): string[] {
  return lines.map((line) => by + line);
}

const PYTHON: Language = {
  name: "python",
  literal: (value) =>
    value === null
      ? "None"
      : value === true
        ? "True"
        : value === false
          ? "False"
          : JSON.stringify(value),
  itemCall: (fn, place) => `f${fn}(at(me, ${place}))`,
  nothing: "    pass",
  log: (place) => `log(me, ${place}, v)`,
  attempt: (lines, place) => [
    "try:",
    ...indent(lines, "    "),
    "except Exception as error:",
    `    log(me, ${place}, error)`,
  ],
  guard: (object, lines) => [`if ${object} is not None:`, ...indent(lines, "    ")],
};

const JAVASCRIPT: Language = {
  name: "javascript",
  literal: (value) => JSON.stringify(value),
  itemCall: (fn, place) => `call(f${fn}, at(me, ${place}))`,
  nothing: "",
  log: (place) => `log(me, ${place}, v);`,
  attempt: (lines, place) => [
    "try {",
    ...indent(lines, "  "),
    "} catch (error) {",
    "  if (error instanceof A.CancelledError) throw error;",
    `  log(me, ${place}, error);`,
    "}",
  ],
  guard: (object, lines) => [`if (${object} !== null) {`, ...indent(lines, "  "), "}"],
};

/** Blocks of callbacks. */
const SYNC_BLOCKS: ReadonlySet<string> = new Set(["callback", "first"]);

class Compiler {
  readonly #language: Language;
  readonly #program: Program;
  readonly #indent: string;
  readonly #pauses: boolean;

  /** `pauses`: lets others run between statements, as JavaScript's microtasks do. */
  constructor(language: Language, program: Program, pauses = false) {
    this.#pauses = pauses;
    this.#language = language;
    this.#program = program;
    this.#indent = language === PYTHON ? "    " : "  ";
  }

  /** The statements, indented once; never an empty block. */
  block(statements: readonly Statement[], sync = false): string[] {
    if (statements.length === 0) return [this.#language.nothing];
    const pause = this.#pauses && !sync ? ["await pause()"] : [];
    const lines = statements.flatMap((statement) => [...pause, ...this.statement(statement, sync)]);
    return indent([...lines, ...pause], this.#indent);
  }

  statement(statement: Statement, sync: boolean): string[] {
    const op = opOf(statement.op);
    const { place } = statement;
    let lines = op[this.#language.name](this.#spell(statement));
    if (this.#pauses && !sync) lines.push("await pause()");
    if (op.silent !== true) lines.push(this.#language.log(place));
    if (statement.attempted === true) lines = this.#language.attempt(lines, place);
    if (op.guard === undefined) return this.#scoped(lines);
    const { array, arg } = op.guard;
    return this.#language.guard(`${array}[${String(statement.args?.[arg])}]`, lines);
  }

  /** JavaScript's `const` must not meet one of the same name, when a statement stands in a block twice. */
  #scoped(lines: string[]): string[] {
    return this.#language === JAVASCRIPT ? ["{", ...lines, "}"] : lines;
  }

  #spell(statement: Statement): Spell {
    const { place, args = {}, items = [], blocks = {} } = statement;
    const language = this.#language;
    return {
      place,
      raw: (name) => args[name] ?? null,
      arg: (name) => language.literal(args[name] ?? null),
      items: () => items.map((item) => this.#item(item, place)).join(", "),
      block: (name) => this.block(blocks[name] ?? [], SYNC_BLOCKS.has(name)),
      call: (fn) => language.itemCall(fn, place),
      functionOf: (slot) => this.#program.objects.slots[slot as number] as number,
    };
  }

  #item(item: Item, place: number): string {
    if (item.kind === "call") return this.#language.itemCall(item.index, place);
    return `${item.kind === "task" ? "T" : "F"}[${item.index}]`;
  }
}

function repeat(count: number, text: string): string {
  return Array.from({ length: count }, () => text).join(", ");
}

function variables(count: number, make: (name: string) => string): string {
  return Array.from({ length: count }, (_, index) => make(`v${index}`)).join(", ");
}

/** The source of a module with `make()`, which makes the program's objects and gives its main function. */
export function toPython(program: Program, pauses = false): string {
  const { objects, functions } = program;
  const compiler = new Compiler(PYTHON, program, pauses);
  const lines = [
    `T = [${repeat(objects.slots.length, "None")}]`,
    `G = [${repeat(objects.groups, "None")}]`,
    `F = [${repeat(objects.futures, "run.loop.create_future()")}]`,
    `L = [${repeat(objects.locks, "Lock()")}]`,
    `E = [${repeat(objects.events, "asyncio.Event()")}]`,
    `C = [${repeat(objects.conditions, "Condition()")}]`,
    `S = [${objects.semaphores.map((value) => `Semaphore(${value})`).join(", ")}]`,
    `B = [${objects.boundedSemaphores.map((value) => `BoundedSemaphore(${value})`).join(", ")}]`,
    `R = [${objects.barriers.map((parties) => `Barrier(${parties})`).join(", ")}]`,
    `Q = [${objects.queues.map(({ kind, maxsize }) => `${kind}(${maxsize})`).join(", ")}]`,
    `I = [${repeat(objects.counters, "0")}]`,
    `V = [${variables(objects.variables, (name) => `contextvars.ContextVar('${name}', default=0)`)}]`,
  ];
  functions.forEach(({ body, value }, fn) => {
    lines.push(
      `async def f${fn}(me, tm=None):`,
      "    at = Places()",
      "    try:",
      `        log(me, 'f${fn}', 'starts')`,
      ...indent(compiler.block(body), "    "),
      `        log(me, 'f${fn}', 'ends')`,
      `        return ${value}`,
      "    except BaseException as error:",
      // JavaScript's microtasks let others run on an error's way out of each function, too.
      ...(pauses ? ["        await pause()"] : []),
      `        log(me, 'f${fn}', error)`,
      "        raise",
    );
  });
  return ["def make():", ...indent(lines, "    "), "    return f0", ""].join("\n");
}

/** The body of a function of the API and the helpers, which makes the program's objects and gives its main function. */
export function toJavascript(program: Program): string {
  const { objects, functions } = program;
  const compiler = new Compiler(JAVASCRIPT, program);
  const lines = [
    `const T = [${repeat(objects.slots.length, "null")}];`,
    `const G = [${repeat(objects.groups, "null")}];`,
    `const F = [${repeat(objects.futures, "new A.Future()")}];`,
    `const L = [${repeat(objects.locks, "new A.Lock()")}];`,
    `const E = [${repeat(objects.events, "new A.Event()")}];`,
    `const C = [${repeat(objects.conditions, "new A.Condition()")}];`,
    `const S = [${objects.semaphores.map((value) => `new A.Semaphore(${value})`).join(", ")}];`,
    `const B = [${objects.boundedSemaphores.map((value) => `new A.BoundedSemaphore(${value})`).join(", ")}];`,
    `const R = [${objects.barriers.map((parties) => `new A.Barrier(${parties})`).join(", ")}];`,
    `const Q = [${objects.queues.map(queueJavascript).join(", ")}];`,
    `const I = [${repeat(objects.counters, "0")}];`,
    `const V = [${variables(objects.variables, (name) => `new A.ContextVar("${name}", { defaultValue: 0 })`)}];`,
  ];
  functions.forEach(({ body, value }, fn) => {
    lines.push(
      `async function f${fn}(me, tm = null) {`,
      "  const at = places();",
      "  let v;",
      "  try {",
      `    log(me, "f${fn}", "starts");`,
      ...indent(compiler.block(body), "  "),
      `    log(me, "f${fn}", "ends");`,
      `    return ${value};`,
      "  } catch (error) {",
      `    log(me, "f${fn}", error);`,
      "    throw error;",
      "  }",
      "}",
    );
  });
  return ['"use strict";', ...lines, "return f0;", ""].join("\n");
}

function queueJavascript({ kind, maxsize }: Program["objects"]["queues"][number]): string {
  return kind === "PriorityQueue"
    ? `new A.PriorityQueue((a, b) => a - b, ${maxsize})`
    : `new A.${kind}(${maxsize})`;
}
