// One HTTP client of `http-client.mjs` in a process of its own: does as many requests as it is told to, each
// time that it is told to, and says what they cost.
import { clients } from "./httpClients.mjs";
import { ANSWER } from "./webServer.mjs";

/** @typedef {{ kind: "get" | "post", url: string, requests: number, lanes: number, size: number }} Order */

const {
  get,
  post,
  spread = together,
} = await /** @type {NonNullable<typeof clients[string]>} */ (clients[process.argv[2] ?? ""])();
const answered = JSON.stringify(ANSWER);

/** @param {() => Promise<void>} lane @param {number} lanes */
function together(lane, lanes) {
  return Promise.all(Array.from({ length: lanes }, lane));
}

/** @param {Order} order */
async function work({ kind, url, requests, lanes, size }) {
  let begun = 0;
  let right = 0;
  await spread(async () => {
    while (begun++ < requests) {
      const isRight =
        kind === "get" ? (await get(url)) === size : JSON.stringify(await post(url)) === answered;
      if (isRight) right++;
    }
  }, lanes);
  return right;
}

/** @param {Order} order */
async function measure(order) {
  const collect = /** @type {((how: { type: "minor" }) => void) | undefined} */ (globalThis.gc);
  collect?.({ type: "minor" });
  const before = process.cpuUsage();
  const start = performance.now();
  const right = await work(order);
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  process.send?.({ wall, cpu: (user + system) / 1e6, right });
}

process.on("message", (/** @type {Order} */ order) => void measure(order));
process.once("disconnect", () => process.exit());
