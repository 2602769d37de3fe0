/*
 * Statements of the language: try, catch, finally, if, loops, throw, return, calls.
 */
import type { Draw, Op, Spell } from "../op.ts";
import { type Argument } from "../program.ts";

const CATCHES = {
  cancel: "asyncio.CancelledError",
  error: "Exception",
  all: "BaseException",
} as const;
type Catch = keyof typeof CATCHES;

const CATCHES_JS: Record<Catch, string> = {
  cancel: "e instanceof A.CancelledError",
  error: "!(e instanceof A.CancelledError)",
  all: "true",
};

function drawTry(draw: Draw) {
  const { random } = draw;
  const handled = random.chance(0.75);
  return {
    args: {
      which: handled ? random.of(["cancel", "error", "all"]) : null,
      after: random.weighted(["", "same", "E1", "E2", "return"], (each) =>
        each === "" || each === "same" ? 4 : 1,
      ),
    },
    blocks: {
      body: draw.block(),
      handler: handled ? draw.block() : [],
      final: !handled || random.chance(0.4) ? draw.block() : [],
    },
  };
}

function afterPython(after: Argument, place: number): string[] {
  if (after === "same") return ["raise"];
  if (after === "return") return [`return ${place}`];
  return after === "" ? [] : [`raise ${after}()`];
}

function afterJavascript(after: Argument, place: number): string[] {
  if (after === "same") return ["throw e;"];
  if (after === "return") return [`return ${place};`];
  return after === "" ? [] : [`throw new ${after}();`];
}

function tryPython(spell: Spell): string[] {
  const which = spell.raw("which") as Catch | null;
  const lines = ["try:", ...spell.block("body")];
  if (which !== null) {
    lines.push(
      `except ${CATCHES[which]} as e:`,
      `    log(me, ${spell.place}, e)`,
      ...spell.block("handler"),
    );
    lines.push(...afterPython(spell.raw("after"), spell.place).map((line) => `    ${line}`));
  }
  return [...lines, "finally:", `    log(me, ${spell.place}, 'finally')`, ...spell.block("final")];
}

function tryJavascript(spell: Spell): string[] {
  const which = spell.raw("which") as Catch | null;
  const lines = ["try {", ...spell.block("body")];
  if (which !== null) {
    lines.push(
      "} catch (e) {",
      `  if (!(${CATCHES_JS[which]})) throw e;`,
      `  log(me, ${spell.place}, e);`,
    );
    lines.push(...spell.block("handler"));
    lines.push(...afterJavascript(spell.raw("after"), spell.place).map((line) => `  ${line}`));
  }
  return [
    ...lines,
    "} finally {",
    `  log(me, ${spell.place}, "finally");`,
    ...spell.block("final"),
    "}",
  ];
}

/** What programs decide on, in both languages. */
const CONDITIONS: Record<string, readonly [python: string, javascript: string]> = {
  "task.done": ["T[#] is not None and T[#].done()", "T[#] !== null && T[#].done()"],
  "task.cancelled": ["T[#] is not None and T[#].cancelled()", "T[#] !== null && T[#].cancelled()"],
  "future.done": ["F[#].done()", "F[#].done()"],
  "lock.locked": ["L[#].locked()", "L[#].locked()"],
  "event.isSet": ["E[#].is_set()", "E[#].isSet()"],
  "queue.empty": ["Q[#].user_state()[1]", "Q[#].empty()"],
  cancelling: ["asyncio.current_task().own_cancels() > 0", "A.currentTask().cancelling() > 0"],
  "counter.even": ["I[#] % 2 == 0", "I[#] % 2 === 0"],
};

function drawIf(draw: Draw) {
  const { objects, random } = draw;
  const counts: Record<string, number> = {
    "task.done": objects.slots.length,
    "task.cancelled": objects.slots.length,
    "future.done": objects.futures,
    "lock.locked": objects.locks,
    "event.isSet": objects.events,
    "queue.empty": objects.queues.length,
    cancelling: 1,
    "counter.even": objects.counters,
  };
  const condition = random.of(Object.keys(counts).filter((name) => (counts[name] as number) > 0));
  return {
    args: { condition, index: random.below(counts[condition] as number) },
    blocks: { then: draw.block(), else: random.chance(0.5) ? draw.block() : [] },
  };
}

function condition(spell: Spell, language: 0 | 1): string {
  const text = (CONDITIONS[spell.raw("condition") as string] as readonly string[])[
    language
  ] as string;
  return text.replaceAll("#", spell.arg("index"));
}

export const flowOps: readonly Op[] = [
  {
    name: "try",
    area: "flow",
    weight: 5,
    silent: true,
    draw: drawTry,
    python: tryPython,
    javascript: tryJavascript,
  },
  {
    name: "if",
    area: "flow",
    weight: 2,
    silent: true,
    draw: drawIf,
    python: (spell) => [
      `if ${condition(spell, 0)}:`,
      ...spell.block("then"),
      "else:",
      ...spell.block("else"),
    ],
    javascript: (spell) => [
      `if (${condition(spell, 1)}) {`,
      ...spell.block("then"),
      "} else {",
      ...spell.block("else"),
      "}",
    ],
  },
  {
    name: "loop",
    area: "flow",
    silent: true,
    draw: (draw) => ({
      args: { times: draw.random.between(2, 3) },
      blocks: { body: draw.block() },
    }),
    python: (spell) => [`for _ in range(${spell.arg("times")}):`, ...spell.block("body")],
    javascript: (spell) => [
      `for (let i = 0; i < ${spell.arg("times")}; i++) {`,
      ...spell.block("body"),
      "}",
    ],
  },
  {
    name: "throw",
    area: "flow",
    silent: true,
    draw: (draw) => ({ args: { error: draw.random.of(["E1", "E2"]) } }),
    python: (spell) => [`raise ${spell.raw("error")}()`],
    javascript: (spell) => [`throw new ${spell.raw("error")}();`],
  },
  {
    name: "return",
    area: "flow",
    weight: 0.5,
    silent: true,
    draw: (draw) => ({ args: { value: draw.random.below(100) } }),
    python: (spell) => [`return ${spell.arg("value")}`],
    javascript: (spell) => [`return ${spell.arg("value")};`],
  },
  {
    name: "call",
    area: "flow",
    weight: 2,
    draw(draw) {
      const fn = draw.callee();
      return fn === null ? null : { args: { fn } };
    },
    python: (spell) => [`v = await ${spell.call(spell.raw("fn") as number)}`],
    javascript: (spell) => [`v = await ${spell.call(spell.raw("fn") as number)}();`],
  },
  {
    name: "counter.add",
    area: "flow",
    sync: true,
    silent: true,
    draw: (draw) => ({ args: { counter: draw.random.below(draw.objects.counters) } }),
    python: (spell) => [`I[${spell.arg("counter")}] += 1`],
    javascript: (spell) => [`I[${spell.arg("counter")}] += 1;`],
  },
];
