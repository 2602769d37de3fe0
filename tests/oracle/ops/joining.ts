/*
 * Waiting for several: gather, wait, asCompleted, shield.
 */
import type { Draw, Op } from "../op.ts";

function drawGather(draw: Draw) {
  const items = draw.items(["call", "task", "future"], 4);
  if (items.length === 0) return null;
  return {
    args: { returnExceptions: draw.random.chance(0.5) },
    items,
    attempted: draw.random.chance(0.4),
  };
}

const truth = (value: unknown): string => (value === true ? "True" : "False");

export const joiningOps: readonly Op[] = [
  {
    name: "gather",
    area: "joining",
    weight: 3,
    draw: drawGather,
    python: (spell) => [
      `v = await gather(*items(${spell.items()}), return_exceptions=${truth(spell.raw("returnExceptions"))})`,
    ],
    javascript: (spell) => [
      `v = await A.gather(items(${spell.items()}), { returnExceptions: ${spell.raw("returnExceptions")} });`,
    ],
  },
  {
    name: "gather.cancelled",
    area: "joining",
    draw(draw) {
      const drawn = drawGather(draw);
      return drawn && { ...drawn, args: { ...drawn.args, ms: draw.milliseconds() } };
    },
    python: (spell) => [
      `g${spell.place} = gather(*items(${spell.items()}), return_exceptions=${truth(spell.raw("returnExceptions"))})`,
      `run.loop.call_later(${spell.arg("ms")}, g${spell.place}.cancel)`,
      `v = await g${spell.place}`,
    ],
    javascript: (spell) => [
      `const g${spell.place} = A.gather(items(${spell.items()}), { returnExceptions: ${spell.raw("returnExceptions")} });`,
      `A.getRunningLoop().callLater(${spell.arg("ms")}, () => void g${spell.place}.cancel());`,
      `v = await g${spell.place};`,
    ],
  },
  {
    name: "wait",
    area: "joining",
    weight: 3,
    draw(draw) {
      const items = draw.items(["task", "future"], 4);
      if (items.length === 0) return null;
      const mode = draw.random.of(["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"]);
      const ms = draw.random.chance(0.4) ? draw.milliseconds() : null;
      return { args: { mode, ms }, items };
    },
    python: (spell) => [
      `w${spell.place} = items(${spell.items()})`,
      "v = 'nothing'",
      `if w${spell.place}:`,
      `    done, _ = await asyncio.wait(w${spell.place}, return_when=asyncio.${spell.raw("mode")}, timeout=${spell.arg("ms")})`,
      `    v = [x in done for x in w${spell.place}]`,
    ],
    javascript: (spell) => [
      `const w${spell.place} = items(${spell.items()});`,
      `v = "nothing";`,
      `if (w${spell.place}.length > 0) {`,
      `  const { done } = await A.wait(w${spell.place}, { returnWhen: A.${spell.raw("mode")}, timeout: ${spell.raw("ms") ?? "Infinity"} });`,
      `  v = w${spell.place}.map((x) => done.has(x));`,
      "}",
    ],
  },
  {
    name: "asCompleted",
    area: "joining",
    weight: 2,
    silent: true,
    draw(draw) {
      const items = draw.items(["task", "future"], 4);
      if (items.length === 0) return null;
      const ms = draw.random.chance(0.4) ? draw.milliseconds() : null;
      return {
        args: { ms },
        items,
        blocks: { body: draw.block({ most: 1 }) },
        attempted: draw.random.chance(0.5),
      };
    },
    python: (spell) => [
      `w${spell.place} = items(${spell.items()})`,
      `c${spell.place} = Completed(w${spell.place}, ${spell.arg("ms")})`,
      "try:",
      `    async for x in c${spell.place}:`,
      `        log(me, ${spell.place}, [w${spell.place}.index(x), state(x)])`,
      ...spell.block("body").map((line) => `    ${line}`),
      "finally:",
      `    c${spell.place}.left()`,
    ],
    javascript: (spell) => [
      `const w${spell.place} = items(${spell.items()});`,
      `for await (const { task: x } of A.asCompleted(w${spell.place}, { timeout: ${spell.raw("ms") ?? "Infinity"} })) {`,
      `  log(me, ${spell.place}, [w${spell.place}.indexOf(x), state(x)]);`,
      ...spell.block("body"),
      "}",
    ],
  },
  {
    name: "shield",
    area: "joining",
    weight: 2,
    draw(draw) {
      const items = draw.items(["call", "task", "future"], 1);
      return items.length === 0 ? null : { items, attempted: draw.random.chance(0.3) };
    },
    python: (spell) => [
      "v = 'nothing'",
      `for x in items(${spell.items()}):`,
      "    v = await asyncio.shield(x)",
    ],
    javascript: (spell) => [
      `v = "nothing";`,
      `for (const x of items(${spell.items()})) v = await A.shield(x);`,
    ],
  },
];
