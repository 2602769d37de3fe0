/*
 * Queues.
 */
import { type Draw, type Op, pick } from "../op.ts";

function on(draw: Draw, attempted: boolean, more: Record<string, number | boolean> = {}) {
  const queue = pick(draw, "queue", draw.objects.queues.length);
  return queue && { args: { ...queue.args, ...more }, attempted };
}

const item = (draw: Draw): { item: number } => ({ item: draw.random.below(10) });

export const queueOps: readonly Op[] = [
  {
    name: "queue.put",
    area: "queues",
    weight: 5,
    silent: true,
    draw: (draw) => on(draw, true, item(draw)),
    python: (spell) => [
      `await Q[${spell.arg("queue")}].user_put(${spell.arg("item")})`,
      `log(me, ${spell.place}, 'put')`,
    ],
    javascript: (spell) => [
      `await Q[${spell.arg("queue")}].put(${spell.arg("item")});`,
      `log(me, ${spell.place}, "put");`,
    ],
  },
  {
    name: "queue.get",
    area: "queues",
    weight: 5,
    draw: (draw) => on(draw, true),
    python: (spell) => [`v = await Q[${spell.arg("queue")}].user_get()`],
    javascript: (spell) => [`v = await Q[${spell.arg("queue")}].get();`],
  },
  {
    name: "queue.putNowait",
    area: "queues",
    weight: 3,
    sync: true,
    silent: true,
    draw: (draw) => on(draw, true, item(draw)),
    python: (spell) => [`Q[${spell.arg("queue")}].user_put_nowait(${spell.arg("item")})`],
    javascript: (spell) => [`Q[${spell.arg("queue")}].putNowait(${spell.arg("item")});`],
  },
  {
    name: "queue.getNowait",
    area: "queues",
    weight: 2,
    sync: true,
    draw: (draw) => on(draw, true),
    python: (spell) => [`v = Q[${spell.arg("queue")}].user_get_nowait()`],
    javascript: (spell) => [`v = Q[${spell.arg("queue")}].getNowait();`],
  },
  {
    name: "queue.state",
    area: "queues",
    weight: 0.7,
    sync: true,
    draw: (draw) => on(draw, false),
    python: (spell) => [`v = Q[${spell.arg("queue")}].user_state()`],
    javascript: (spell) => [
      `v = [Q[${spell.arg("queue")}].qsize(), Q[${spell.arg("queue")}].empty(), Q[${spell.arg("queue")}].full()];`,
    ],
  },
  {
    name: "queue.taskDone",
    area: "queues",
    weight: 2,
    sync: true,
    silent: true,
    draw: (draw) => on(draw, true),
    python: (spell) => [`Q[${spell.arg("queue")}].user_task_done()`],
    javascript: (spell) => [`Q[${spell.arg("queue")}].taskDone();`],
  },
  {
    name: "queue.join",
    area: "queues",
    weight: 2,
    draw: (draw) => on(draw, false),
    python: (spell) => [`await Q[${spell.arg("queue")}].user_join(); v = None`],
    javascript: (spell) => [`await Q[${spell.arg("queue")}].join(); v = null;`],
  },
  {
    name: "queue.shutdown",
    area: "queues",
    weight: 0.6,
    sync: true,
    silent: true,
    draw: (draw) => on(draw, false, { immediate: draw.random.chance(0.5) }),
    python: (spell) => [`Q[${spell.arg("queue")}].user_shutdown(${spell.arg("immediate")})`],
    javascript: (spell) => [
      `Q[${spell.arg("queue")}].shutdown({ immediate: ${spell.raw("immediate")} });`,
    ],
  },
];
