// The server of `web-probes.mjs` in a process of its own: tells its port, then its memory and the outcomes of its
// exchanges each time that it is asked. SIGTERM drains it.
import { once } from "node:events";
import { createServer } from "node:net";
import { run, sleep } from "../dist/index.js";
import { Application } from "../dist/web/index.js";

/** Bytes, and how many exchanges ended how. @typedef {{ rss: number, heap: number, outcomes: Record<string, number> }} State */

const options = JSON.parse(process.argv[2] ?? "{}");
/** @type {Record<string, number>} */
const outcomes = {};
const app = new Application();
app.onAnswer(({ outcome }) => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1));
app.get("/users/:id", ({ params }) => ({ id: params.id, name: "user", tags: ["a", "b"] }));
app.post("/echo", async (request) => request.bytes());
app.post("/slow", { bodyTimeout: 1000 }, async (request) => request.bytes());
app.get("/wait", async () => {
  await sleep(20);
  return "waited";
});
/** One that nobody listens on now. @returns {Promise<number>} */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}

process.on("message", () => {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss, heap: heapUsed, outcomes });
});
const port = await freePort();
app.afterServerStart(() => void process.send?.(port));
await run(() => app.serve({ port, backlog: 4096, ...options }));
if (process.connected) process.disconnect?.();
