/*
 * Futures, and callbacks of the loop.
 */
import { type Op, pick } from "../op.ts";

export const futureOps: readonly Op[] = [
  {
    name: "future.setResult",
    area: "futures",
    weight: 3,
    sync: true,
    silent: true,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { args: { ...future.args, value: draw.random.below(100) }, attempted: true };
    },
    python: (spell) => [`F[${spell.arg("future")}].set_result(${spell.arg("value")})`],
    javascript: (spell) => [`F[${spell.arg("future")}].setResult(${spell.arg("value")});`],
  },
  {
    name: "future.setException",
    area: "futures",
    sync: true,
    silent: true,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { ...future, attempted: true };
    },
    python: (spell) => [`F[${spell.arg("future")}].set_exception(E1())`],
    javascript: (spell) => [`F[${spell.arg("future")}].setException(new E1());`],
  },
  {
    name: "future.cancel",
    area: "futures",
    sync: true,
    draw: (draw) => pick(draw, "future", draw.objects.futures),
    python: (spell) => [`v = F[${spell.arg("future")}].cancel('f')`],
    javascript: (spell) => [`v = F[${spell.arg("future")}].cancel("f");`],
  },
  {
    name: "future.await",
    area: "futures",
    weight: 4,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { ...future, attempted: draw.random.chance(0.4) };
    },
    python: (spell) => [`v = await F[${spell.arg("future")}]`],
    javascript: (spell) => [`v = await F[${spell.arg("future")}];`],
  },
  {
    name: "future.renew",
    area: "futures",
    sync: true,
    silent: true,
    draw: (draw) => pick(draw, "future", draw.objects.futures),
    python: (spell) => [`F[${spell.arg("future")}] = run.loop.create_future()`],
    javascript: (spell) => [`F[${spell.arg("future")}] = new A.Future();`],
  },
  {
    name: "future.result",
    area: "futures",
    sync: true,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { ...future, attempted: true };
    },
    python: (spell) => [`v = F[${spell.arg("future")}].result()`],
    javascript: (spell) => [`v = F[${spell.arg("future")}].result();`],
  },
  {
    name: "future.addDoneCallback",
    area: "futures",
    weight: 2,
    silent: true,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { ...future, blocks: { callback: draw.block({ sync: true, most: 2 }) } };
    },
    python: (spell) => [
      `def d${spell.place}(x, me=at(me, ${spell.place}), tm=None):`,
      `    log(me, ${spell.place}, state(x))`,
      ...spell.block("callback"),
      `F[${spell.arg("future")}].add_done_callback(d${spell.place})`,
    ],
    javascript: (spell) => [
      `F[${spell.arg("future")}].addDoneCallback(labelled(at(me, ${spell.place}), (me, x) => {`,
      "  let v;",
      `  log(me, ${spell.place}, state(x));`,
      ...spell.block("callback"),
      "}));",
    ],
  },
  {
    name: "future.removeDoneCallback",
    area: "futures",
    weight: 0.5,
    draw(draw) {
      const future = pick(draw, "future", draw.objects.futures);
      return future && { args: { ...future.args, times: draw.random.between(0, 3) } };
    },
    python: (spell) => [
      `d${spell.place} = lambda x: log(me, ${spell.place}, 'called')`,
      `for _ in range(${spell.arg("times")}): F[${spell.arg("future")}].add_done_callback(d${spell.place})`,
      `v = F[${spell.arg("future")}].remove_done_callback(d${spell.place})`,
    ],
    javascript: (spell) => [
      `const d${spell.place} = () => log(me, ${spell.place}, "called");`,
      `for (let i = 0; i < ${spell.arg("times")}; i++) F[${spell.arg("future")}].addDoneCallback(d${spell.place});`,
      `v = F[${spell.arg("future")}].removeDoneCallback(d${spell.place});`,
    ],
  },
];

export const callbackOps: readonly Op[] = [
  {
    name: "callSoon",
    area: "callbacks",
    silent: true,
    draw: (draw) => ({
      args: { failing: draw.random.chance(0.1) },
      blocks: { callback: draw.block({ sync: true, most: 3 }) },
    }),
    python: (spell) => [
      `def c${spell.place}(me=at(me, ${spell.place}), tm=None):`,
      `    log(me, ${spell.place}, 'soon')`,
      ...spell.block("callback"),
      ...(spell.raw("failing") === true ? ["    raise E2()"] : []),
      `run.loop.call_soon(c${spell.place})`,
    ],
    javascript: (spell) => [
      `A.getRunningLoop().callSoon(labelled(at(me, ${spell.place}), (me) => {`,
      "  let v;",
      `  log(me, ${spell.place}, "soon");`,
      ...spell.block("callback"),
      ...(spell.raw("failing") === true ? ["  throw new E2();"] : []),
      "}));",
    ],
  },
  {
    name: "callLater",
    area: "callbacks",
    weight: 3,
    silent: true,
    draw: (draw) => ({
      args: {
        ms: draw.random.chance(0.15) ? 0 : draw.milliseconds(),
        taken: draw.random.chance(0.1),
      },
      blocks: { callback: draw.block({ sync: true, most: 3 }) },
    }),
    python: (spell) => [
      `def c${spell.place}(me=at(me, ${spell.place}), tm=None):`,
      `    log(me, ${spell.place}, 'later')`,
      ...spell.block("callback"),
      `h${spell.place} = run.loop.call_later(${spell.arg("ms")}, c${spell.place})`,
      ...(spell.raw("taken") === true ? [`run.loop.call_soon(h${spell.place}.cancel)`] : []),
    ],
    javascript: (spell) => [
      `const h${spell.place} = A.getRunningLoop().callLater(${spell.arg("ms")}, labelled(at(me, ${spell.place}), (me) => {`,
      "  let v;",
      `  log(me, ${spell.place}, "later");`,
      ...spell.block("callback"),
      "}));",
      ...(spell.raw("taken") === true
        ? [`A.getRunningLoop().callSoon(() => h${spell.place}.cancel());`]
        : []),
    ],
  },
];

export const contextOps: readonly Op[] = [
  {
    name: "variable.set",
    area: "context",
    weight: 2,
    sync: true,
    silent: true,
    draw(draw) {
      const variable = pick(draw, "variable", draw.objects.variables);
      return variable && { args: { ...variable.args, value: draw.random.below(100) } };
    },
    python: (spell) => [`V[${spell.arg("variable")}].set(${spell.arg("value")})`],
    javascript: (spell) => [`V[${spell.arg("variable")}].set(${spell.arg("value")});`],
  },
  {
    name: "variable.get",
    area: "context",
    weight: 3,
    sync: true,
    draw: (draw) => pick(draw, "variable", draw.objects.variables),
    python: (spell) => [`v = V[${spell.arg("variable")}].get()`],
    javascript: (spell) => [`v = V[${spell.arg("variable")}].get();`],
  },
  {
    name: "variable.reset",
    area: "context",
    draw(draw) {
      const variable = pick(draw, "variable", draw.objects.variables);
      return (
        variable && {
          args: { ...variable.args, value: draw.random.below(100) },
          blocks: { body: draw.block() },
        }
      );
    },
    python: (spell) => [
      `k${spell.place} = V[${spell.arg("variable")}].set(${spell.arg("value")})`,
      "try:",
      ...spell.block("body"),
      "finally:",
      `    V[${spell.arg("variable")}].reset(k${spell.place})`,
      `v = V[${spell.arg("variable")}].get()`,
    ],
    javascript: (spell) => [
      `const k${spell.place} = V[${spell.arg("variable")}].set(${spell.arg("value")});`,
      "try {",
      ...spell.block("body"),
      "} finally {",
      `  V[${spell.arg("variable")}].reset(k${spell.place});`,
      "}",
      `v = V[${spell.arg("variable")}].get();`,
    ],
  },
];
