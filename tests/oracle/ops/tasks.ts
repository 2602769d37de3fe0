/*
 * Tasks: making, cancelling, awaiting and looking at them; task groups.
 */
import type { Draw, Op } from "../op.ts";

const SLOT = { array: "T", arg: "slot" } as const;

/** A slot for a task of a function of a higher number, so that tasks never await each other in a circle. */
function drawSlot(draw: Draw): number | null {
  return draw.awaitable();
}

function anySlot(draw: Draw): { args: { slot: number } } {
  return { args: { slot: draw.random.below(draw.objects.slots.length) } };
}

function message(draw: Draw): string | null {
  return draw.random.chance(0.5) ? draw.random.of(["a", "b", "c"]) : null;
}

export const taskOps: readonly Op[] = [
  {
    name: "createTask",
    area: "tasks",
    weight: 4,
    silent: true,
    draw(draw) {
      const slot = drawSlot(draw);
      return slot === null ? null : { args: { slot } };
    },
    python: (spell) => [
      `T[${spell.arg("slot")}] = reg(asyncio.create_task(${spell.call(spell.functionOf(spell.raw("slot")))}))`,
    ],
    javascript: (spell) => [
      `T[${spell.arg("slot")}] = reg(A.createTask(${spell.call(spell.functionOf(spell.raw("slot")))}));`,
    ],
  },
  {
    name: "createTask.eager",
    area: "tasks",
    silent: true,
    draw(draw) {
      const slot = drawSlot(draw);
      return slot === null
        ? null
        : { args: { slot }, blocks: { first: draw.block({ sync: true }) } };
    },
    // An async function of JavaScript has not ended when its call returns, so an eager body suspends at least once.
    python: (spell) => [
      `async def e${spell.place}(me, tm=None):`,
      `    log(me, ${spell.place}, 'eager')`,
      "    try:",
      ...spell.block("first").map((line) => `    ${line}`),
      "    except BaseException as error:",
      `        log(me, ${spell.place}, error)`,
      "    await asyncio.sleep(0)",
      `    return await f${spell.functionOf(spell.raw("slot"))}(me)`,
      `T[${spell.arg("slot")}] = reg(asyncio.create_task(e${spell.place}(at(me, ${spell.place})), eager_start=True))`,
    ],
    javascript: (spell) => [
      `const e${spell.place} = async (me) => {`,
      "  let v;",
      `  log(me, ${spell.place}, "eager");`,
      "  try {",
      ...spell.block("first"),
      "  } catch (error) {",
      `    log(me, ${spell.place}, error);`,
      "  }",
      "  await A.sleep(0);",
      `  return await f${spell.functionOf(spell.raw("slot"))}(me);`,
      "};",
      `T[${spell.arg("slot")}] = reg(A.createTask(call(e${spell.place}, at(me, ${spell.place})), { eager: true }));`,
    ],
  },
  {
    name: "task.cancel",
    area: "tasks",
    weight: 4,
    sync: true,
    guard: SLOT,
    draw: (draw) => ({ args: { ...anySlot(draw).args, message: message(draw) } }),
    python: (spell) => [`v = T[${spell.arg("slot")}].cancel(${spell.arg("message")})`],
    javascript: (spell) => [
      `v = T[${spell.arg("slot")}].cancel(${spell.raw("message") === null ? "" : spell.arg("message")});`,
    ],
  },
  {
    name: "main.cancel",
    area: "tasks",
    weight: 0.5,
    sync: true,
    draw: (draw) => ({ args: { message: message(draw) } }),
    python: (spell) => [`v = run.main.cancel(${spell.arg("message")})`],
    javascript: (spell) => [
      `v = run.main.cancel(${spell.raw("message") === null ? "" : spell.arg("message")});`,
    ],
  },
  {
    name: "self.cancel",
    area: "tasks",
    draw: (draw) => ({ args: { message: message(draw) } }),
    python: (spell) => [`v = asyncio.current_task().cancel(${spell.arg("message")})`],
    javascript: (spell) => [
      `v = A.currentTask().cancel(${spell.raw("message") === null ? "" : spell.arg("message")});`,
    ],
  },
  {
    name: "self.uncancel",
    area: "tasks",
    draw: () => ({}),
    python: () => ["v = asyncio.current_task().own_uncancel()"],
    javascript: () => ["v = A.currentTask().uncancel();"],
  },
  {
    name: "task.uncancel",
    area: "tasks",
    weight: 0.5,
    sync: true,
    guard: SLOT,
    draw: anySlot,
    python: (spell) => [`v = T[${spell.arg("slot")}].own_uncancel()`],
    javascript: (spell) => [`v = T[${spell.arg("slot")}].uncancel();`],
  },
  {
    name: "self.cancelling",
    area: "tasks",
    draw: () => ({}),
    python: () => ["v = asyncio.current_task().own_cancels()"],
    javascript: () => ["v = A.currentTask().cancelling();"],
  },
  {
    name: "task.cancelling",
    area: "tasks",
    weight: 0.5,
    sync: true,
    guard: SLOT,
    draw: anySlot,
    python: (spell) => [
      `v = T[${spell.arg("slot")}].own_cancels() if not T[${spell.arg("slot")}].done() else None`,
    ],
    javascript: (spell) => [
      `v = T[${spell.arg("slot")}].done() ? null : T[${spell.arg("slot")}].cancelling();`,
    ],
  },
  {
    name: "task.await",
    area: "tasks",
    weight: 4,
    guard: SLOT,
    draw(draw) {
      const slot = drawSlot(draw);
      return slot === null ? null : { args: { slot }, attempted: draw.random.chance(0.3) };
    },
    python: (spell) => [`v = await T[${spell.arg("slot")}]`],
    javascript: (spell) => [`v = await T[${spell.arg("slot")}];`],
  },
  {
    name: "task.state",
    area: "tasks",
    sync: true,
    guard: SLOT,
    draw: anySlot,
    python: (spell) => [
      `v = [T[${spell.arg("slot")}].done(), T[${spell.arg("slot")}].cancelled()]`,
    ],
    javascript: (spell) => [
      `v = [T[${spell.arg("slot")}].done(), T[${spell.arg("slot")}].cancelled()];`,
    ],
  },
  {
    name: "task.result",
    area: "tasks",
    sync: true,
    guard: SLOT,
    draw: (draw) => ({ ...anySlot(draw), attempted: true }),
    python: (spell) => [`v = T[${spell.arg("slot")}].result()`],
    javascript: (spell) => [`v = T[${spell.arg("slot")}].result();`],
  },
  {
    name: "task.exception",
    area: "tasks",
    weight: 0.5,
    sync: true,
    guard: SLOT,
    draw: (draw) => ({ ...anySlot(draw), attempted: true }),
    python: (spell) => [`v = T[${spell.arg("slot")}].exception()`],
    javascript: (spell) => [`v = T[${spell.arg("slot")}].exception();`],
  },
  {
    name: "task.addDoneCallback",
    area: "callbacks",
    weight: 2,
    silent: true,
    guard: SLOT,
    draw: (draw) => ({
      ...anySlot(draw),
      blocks: { callback: draw.block({ sync: true, most: 2 }) },
    }),
    python: (spell) => [
      `def d${spell.place}(x, me=at(me, ${spell.place}), tm=None):`,
      `    log(me, ${spell.place}, state(x))`,
      ...spell.block("callback"),
      `T[${spell.arg("slot")}].add_done_callback(d${spell.place})`,
    ],
    javascript: (spell) => [
      `T[${spell.arg("slot")}].addDoneCallback(labelled(at(me, ${spell.place}), (me, x) => {`,
      "  let v;",
      `  log(me, ${spell.place}, state(x));`,
      ...spell.block("callback"),
      "}));",
    ],
  },
];

export const groupOps: readonly Op[] = [
  {
    name: "taskGroup",
    area: "groups",
    weight: 5,
    draw(draw) {
      const { objects, random } = draw;
      if (objects.groups === 0) return null;
      return {
        args: { group: random.below(objects.groups) },
        blocks: { body: draw.block({ most: 4 }) },
        attempted: random.chance(0.5),
      };
    },
    python: (spell) => [
      `async def g${spell.place}():`,
      ...spell.block("body"),
      `async with ObservedGroup() as x${spell.place}:`,
      `    G[${spell.arg("group")}] = x${spell.place}`,
      `    v = await g${spell.place}()`,
    ],
    javascript: (spell) => [
      `v = await A.taskGroup(async (group) => {`,
      "  let v;",
      `  G[${spell.arg("group")}] = group;`,
      ...spell.block("body"),
      "});",
    ],
  },
  {
    name: "group.spawn",
    area: "groups",
    weight: 4,
    silent: true,
    guard: { array: "G", arg: "group" },
    draw(draw) {
      const slot = drawSlot(draw);
      if (slot === null || draw.objects.groups === 0) return null;
      return { args: { slot, group: draw.random.below(draw.objects.groups) }, attempted: true };
    },
    python: (spell) => [
      `T[${spell.arg("slot")}] = reg(G[${spell.arg("group")}].create_task(${spell.call(spell.functionOf(spell.raw("slot")))}))`,
    ],
    javascript: (spell) => [
      `T[${spell.arg("slot")}] = reg(G[${spell.arg("group")}].spawn(${spell.call(spell.functionOf(spell.raw("slot")))}));`,
    ],
  },
];
