// One web server of `web.mjs` in a process of its own: tells its port, then what it has cost so far each time that it is
// asked.
import { contenders } from "./webContenders.mjs";

/** Seconds of CPU, bytes of memory. @typedef {{ cpu: number, rss: number }} Spent */

const [, , name = "", folder = ""] = process.argv;
const start = contenders[name];
if (start === undefined) throw new Error(`there is no server ${name}`);

process.on("message", () => {
  const collect = /** @type {((how: { type: "minor" }) => void) | undefined} */ (globalThis.gc);
  collect?.({ type: "minor" });
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: (user + system) / 1e6, rss: process.memoryUsage.rss() });
});
process.once("disconnect", () => process.exit());
process.send?.(await start(folder));
