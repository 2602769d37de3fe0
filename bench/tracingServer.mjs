// One web server of `tracing.mjs` in a process of its own, traced or not: tells its port, then what it has cost so far
// each time that it is asked.
import { run } from "../dist/index.js";
import { Application } from "../dist/web/index.js";

const [, , name = "", sink = ""] = process.argv;

/** How it is traced. @type {Record<string, () => Promise<unknown>>} */
const WAYS = {
  never: async () => {},
  loaded: () => import("../dist/tracing/index.js"),
  unsampled: () => traced({ sampling: 0, reporters: [] }),
  made: () => traced({ reporters: [{ report: () => {} }] }),
  sent: async () => {
    const { ZipkinReporter } = await import("../dist/tracing/index.js");
    const reporter = new ZipkinReporter({ url: sink, queueSize: QUEUE });
    reporters.push(reporter);
    await traced({ reporters: [reporter] });
  },
  rival: async () => {
    const { startOpenTelemetry } = await import("./tracingOpenTelemetry.mjs");
    reporters.push(startOpenTelemetry(sink, QUEUE));
  },
};

/** So much waits that no round drops a span. */
const QUEUE = 100_000;

/** @type {{ flush(): Promise<void>, statistics(): { dropped: number } }[]} */
const reporters = [];

/** @param {Omit<import("../dist/tracing/index.js").TracingOptions, "serviceName">} options */
async function traced(options) {
  const { startTracing } = await import("../dist/tracing/index.js");
  startTracing({ serviceName: "bench", ...options });
}

/** @param {string} id */
const userOf = (id) => ({ id, name: `user ${id}`, tags: ["a", "b"] });

const app = new Application();
app.use((request, next) => {
  request.replyHeaders.set("x-served-by", "bench");
  return next();
});
app.get("/users/:id", ({ params }) => userOf(params.id));

async function tellSpent() {
  // What it has to send for what it has served is part of its cost.
  for (const reporter of reporters) await reporter.flush();
  const collect = /** @type {((how: { type: "minor" }) => void) | undefined} */ (globalThis.gc);
  collect?.({ type: "minor" });
  const { user, system } = process.cpuUsage();
  const dropped = reporters.reduce((sum, reporter) => sum + reporter.statistics().dropped, 0);
  process.send?.({ cpu: (user + system) / 1e6, dropped });
}

process.on("message", () => void tellSpent());
process.once("disconnect", () => process.exit());
await run(async () => {
  await WAYS[name]?.();
  const server = await app.start({ port: 0 });
  process.send?.(server.port);
  await server.stopped();
});
