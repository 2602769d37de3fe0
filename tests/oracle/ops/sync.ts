/*
 * Locks, events, conditions, semaphores, barriers.
 */
import { type Draw, type Op, pick, type Spell } from "../op.ts";

const NUMBER = "index";

function simple(
  op: Pick<Op, "name" | "area" | "sync" | "silent" | "weight">,
  count: (draw: Draw) => number,
  attempted: boolean,
  python: (index: string) => string,
  javascript: (index: string) => string,
): Op {
  return {
    ...op,
    draw(draw) {
      const picked = pick(draw, NUMBER, count(draw));
      return picked && { ...picked, attempted };
    },
    python: (spell) => [python(spell.arg(NUMBER))],
    javascript: (spell) => [javascript(spell.arg(NUMBER))],
  };
}

/** A block that holds something: acquire, try, finally release. */
function holding(
  name: string,
  area: Op["area"],
  weight: number,
  object: string,
  count: (draw: Draw) => number,
  most?: number,
): Op {
  const on = (spell: Spell): string => `${object}[${spell.arg(NUMBER)}]`;
  return {
    name,
    area,
    weight,
    silent: true,
    draw(draw) {
      const picked = pick(draw, NUMBER, count(draw));
      return (
        picked && {
          ...picked,
          blocks: { body: draw.block(most === undefined ? {} : { most }) },
          attempted: draw.random.chance(0.2),
        }
      );
    },
    python: (spell) => [
      `async with ${on(spell)}:`,
      `    log(me, ${spell.place}, 'held')`,
      ...spell.block("body"),
    ],
    javascript: (spell) => [
      `await ${on(spell)}.acquire();`,
      "try {",
      `  log(me, ${spell.place}, "held");`,
      ...spell.block("body"),
      `} finally {`,
      `  ${on(spell)}.release();`,
      "}",
    ],
  };
}

/** A block of its own, that the primitive runs. */
function running(
  name: string,
  area: Op["area"],
  object: string,
  count: (draw: Draw) => number,
): Op {
  const on = (spell: Spell): string => `${object}[${spell.arg(NUMBER)}]`;
  return {
    name,
    area,
    draw(draw) {
      const picked = pick(draw, NUMBER, count(draw));
      return picked && { ...picked, blocks: { body: draw.block() } };
    },
    python: (spell) => [
      `async def r${spell.place}():`,
      ...spell.block("body"),
      `async with ${on(spell)}:`,
      `    v = await r${spell.place}()`,
    ],
    javascript: (spell) => [
      `v = await ${on(spell)}.run(async () => {`,
      "  let v;",
      ...spell.block("body"),
      "});",
    ],
  };
}

const locks = (draw: Draw): number => draw.objects.locks;
const events = (draw: Draw): number => draw.objects.events;
const conditions = (draw: Draw): number => draw.objects.conditions;
const semaphores = (draw: Draw): number => draw.objects.semaphores.length;
const bounded = (draw: Draw): number => draw.objects.boundedSemaphores.length;
const barriers = (draw: Draw): number => draw.objects.barriers.length;

export const lockOps: readonly Op[] = [
  holding("lock", "locks", 5, "L", locks),
  simple(
    { name: "lock.acquire", area: "locks", weight: 0.3, silent: true },
    locks,
    false,
    (i) => `await L[${i}].acquire()`,
    (i) => `await L[${i}].acquire();`,
  ),
  simple(
    { name: "lock.release", area: "locks", weight: 0.3, sync: true, silent: true },
    locks,
    true,
    (i) => `L[${i}].release()`,
    (i) => `L[${i}].release();`,
  ),
  simple(
    { name: "lock.locked", area: "locks", weight: 0.5, sync: true },
    locks,
    false,
    (i) => `v = L[${i}].locked()`,
    (i) => `v = L[${i}].locked();`,
  ),
  simple(
    { name: "event.set", area: "locks", weight: 2, sync: true, silent: true },
    events,
    false,
    (i) => `E[${i}].set()`,
    (i) => `E[${i}].set();`,
  ),
  simple(
    { name: "event.clear", area: "locks", sync: true, silent: true },
    events,
    false,
    (i) => `E[${i}].clear()`,
    (i) => `E[${i}].clear();`,
  ),
  simple(
    { name: "event.wait", area: "locks", weight: 3 },
    events,
    false,
    (i) => `await E[${i}].wait(); v = None`,
    (i) => `await E[${i}].wait(); v = null;`,
  ),
];

export const conditionOps: readonly Op[] = [
  holding("condition", "conditions", 5, "C", conditions, 3),
  simple(
    { name: "condition.wait", area: "conditions", weight: 4 },
    conditions,
    true,
    (i) => `await C[${i}].wait(); v = None`,
    (i) => `await C[${i}].wait(); v = null;`,
  ),
  {
    name: "condition.waitFor",
    area: "conditions",
    weight: 2,
    draw(draw) {
      const condition = pick(draw, "condition", draw.objects.conditions);
      const counter = draw.random.below(draw.objects.counters);
      return (
        condition && {
          args: { ...condition.args, counter, least: draw.random.between(1, 3) },
          attempted: true,
        }
      );
    },
    python: (spell) => [
      `v = await C[${spell.arg("condition")}].wait_for(lambda: I[${spell.arg("counter")}] >= ${spell.arg("least")})`,
    ],
    javascript: (spell) => [
      `v = await C[${spell.arg("condition")}].waitFor(() => I[${spell.arg("counter")}] >= ${spell.arg("least")});`,
    ],
  },
  {
    name: "condition.notify",
    area: "conditions",
    weight: 4,
    silent: true,
    draw(draw) {
      const condition = pick(draw, "condition", draw.objects.conditions);
      return (
        condition && {
          args: { ...condition.args, count: draw.random.between(1, 2) },
          attempted: true,
        }
      );
    },
    python: (spell) => [`C[${spell.arg("condition")}].notify(${spell.arg("count")})`],
    javascript: (spell) => [`C[${spell.arg("condition")}].notify(${spell.arg("count")});`],
  },
  simple(
    { name: "condition.notifyAll", area: "conditions", silent: true, weight: 2 },
    conditions,
    true,
    (i) => `C[${i}].notify_all()`,
    (i) => `C[${i}].notifyAll();`,
  ),
];

export const semaphoreOps: readonly Op[] = [
  holding("semaphore", "semaphores", 4, "S", semaphores),
  holding("boundedSemaphore", "semaphores", 2, "B", bounded),
  running("semaphore.run", "semaphores", "S", semaphores),
  simple(
    { name: "semaphore.acquire", area: "semaphores", silent: true },
    semaphores,
    false,
    (i) => `await S[${i}].acquire()`,
    (i) => `await S[${i}].acquire();`,
  ),
  simple(
    { name: "semaphore.release", area: "semaphores", sync: true, silent: true },
    semaphores,
    false,
    (i) => `S[${i}].release()`,
    (i) => `S[${i}].release();`,
  ),
  simple(
    { name: "semaphore.locked", area: "semaphores", weight: 0.5, sync: true },
    semaphores,
    false,
    (i) => `v = S[${i}].locked()`,
    (i) => `v = S[${i}].locked();`,
  ),
  simple(
    { name: "boundedSemaphore.release", area: "semaphores", weight: 0.5, sync: true, silent: true },
    bounded,
    true,
    (i) => `B[${i}].release()`,
    (i) => `B[${i}].release();`,
  ),
];

export const barrierOps: readonly Op[] = [
  simple(
    { name: "barrier.wait", area: "barriers", weight: 8 },
    barriers,
    true,
    (i) => `v = await R[${i}].wait()`,
    (i) => `v = await R[${i}].wait();`,
  ),
  simple(
    { name: "barrier.reset", area: "barriers", silent: true },
    barriers,
    false,
    (i) => `await R[${i}].reset()`,
    (i) => `R[${i}].reset();`,
  ),
  simple(
    { name: "barrier.abort", area: "barriers", weight: 0.5, silent: true },
    barriers,
    false,
    (i) => `await R[${i}].abort()`,
    (i) => `R[${i}].abort();`,
  ),
  simple(
    { name: "barrier.state", area: "barriers", sync: true },
    barriers,
    false,
    (i) => `v = [R[${i}].n_waiting, R[${i}].broken]`,
    (i) => `v = [R[${i}].nWaiting, R[${i}].broken];`,
  ),
];
