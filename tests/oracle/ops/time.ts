/*
 * Sleeping, timeouts, waitFor.
 */
import type { Draw, Op } from "../op.ts";

function drawTimeout(draw: Draw) {
  const { random } = draw;
  const ms = random.chance(0.1) ? null : random.chance(0.08) ? 0 : draw.milliseconds();
  return {
    args: { ms },
    blocks: { body: draw.block({ timeout: true }) },
    attempted: random.chance(0.5),
  };
}

function drawReschedule(draw: Draw) {
  if (!draw.insideTimeout) return null;
  const { random } = draw;
  const by = random.chance(0.15) ? null : random.chance(0.15) ? 0 : draw.milliseconds();
  return { args: { by }, attempted: true };
}

export const timeOps: readonly Op[] = [
  {
    name: "sleep",
    area: "time",
    weight: 6,
    silent: true,
    draw: (draw) => ({ args: { ms: draw.random.chance(0.35) ? 0 : draw.milliseconds() } }),
    python: (spell) => [`await asyncio.sleep(${spell.arg("ms")})`, `log(me, ${spell.place})`],
    javascript: (spell) => [`await A.sleep(${spell.arg("ms")});`, `log(me, ${spell.place});`],
  },
  {
    name: "sleep.value",
    area: "time",
    draw: (draw) => ({ args: { ms: draw.milliseconds() } }),
    python: (spell) => [`v = await asyncio.sleep(${spell.arg("ms")}, 'slept')`],
    javascript: (spell) => [`v = await A.sleep(${spell.arg("ms")}, "slept");`],
  },
  {
    name: "timeout",
    area: "time",
    weight: 3,
    draw: drawTimeout,
    python: (spell) => [
      `async def b${spell.place}(tm):`,
      ...spell.block("body"),
      `async with timeout(${spell.arg("ms")}) as t${spell.place}:`,
      `    v = await b${spell.place}(t${spell.place})`,
    ],
    javascript: (spell) => [
      `v = await A.timeout(${spell.raw("ms") ?? "Infinity"}, async (tm) => {`,
      "  let v;",
      ...spell.block("body"),
      "});",
    ],
  },
  {
    name: "timeout.reschedule",
    area: "time",
    weight: 2,
    draw: drawReschedule,
    python: (spell) => [
      "v = None",
      "if tm is not None:",
      `    tm.reschedule(${spell.raw("by") === null ? "None" : `run.loop.now + ${spell.arg("by")}`})`,
      "    v = tm.expired()",
    ],
    javascript: (spell) => [
      "v = null;",
      "if (tm !== null) {",
      `  reschedule(tm, ${spell.raw("by") ?? "Infinity"});`,
      "  v = tm.expired();",
      "}",
    ],
  },
  {
    name: "timeout.expired",
    area: "time",
    draw: (draw) => (draw.insideTimeout ? {} : null),
    python: () => ["v = None if tm is None else tm.expired()"],
    javascript: () => ["v = tm === null ? null : tm.expired();"],
  },
  {
    name: "waitFor",
    area: "time",
    weight: 2,
    draw(draw) {
      const items = draw.items(["call", "task", "future"], 1);
      if (items.length === 0) return null;
      const ms = draw.random.chance(0.08) ? 0 : draw.milliseconds();
      return { args: { ms }, items, attempted: draw.random.chance(0.5) };
    },
    python: (spell) => [
      `v = 'nothing'`,
      `for x in items(${spell.items()}):`,
      `    v = await asyncio.wait_for(x, ${spell.arg("ms")})`,
    ],
    javascript: (spell) => [
      `v = "nothing";`,
      `for (const x of items(${spell.items()})) v = await A.waitFor(x, ${spell.arg("ms")});`,
    ],
  },
];
