/**
 * `ambit serve` as processes: signals, exit codes, workers that die, restarts under load. It runs what was built, and
 * takes real time, since processes know no other. Each test ends all that it has started, by process id.
 */
import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DIST, Folder, isAlive, PLAIN, Served, textOf, until } from "./programs.ts";

const WEB = pathToFileURL(join(DIST, "web/index.js")).href;

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  folder.write("app.mjs", PLAIN);
});
afterEach(() => folder[Symbol.dispose]());

function serve(...args: readonly string[]): Served {
  return new Served(folder.path, ["--port", "0", ...args]);
}

/** The processes that answer: asks until there are so many. */
async function workersOf(url: string, count: number): Promise<Set<number>> {
  const found = new Set<number>();
  await until(async () => found.add(Number(await textOf(url))).size >= count);
  return found;
}

describe("one process", () => {
  test("serves, and answers what it was asked when it is told to end", async () => {
    await using served = serve("app.mjs");
    const url = await served.url();
    expect(await textOf(url)).toBe(String(served.pid));
    const slow = textOf(`${url}/slow?300`);
    await delay(100);
    served.kill("SIGTERM");
    expect(await slow).toBe(`slow ${served.pid}`);
    expect(await served.ended()).toBe(0);
    expect(served.err).toMatch(
      /SIGTERM: answering what was asked, for 30\.0 s at most\nstopped\n$/,
    );
  });

  test("ends at once at the second signal", async () => {
    await using served = serve("app.mjs");
    const url = await served.url();
    const slow = textOf(`${url}/slow?20000`).catch((error: NodeJS.ErrnoException) => error.code);
    await delay(100);
    served.kill("SIGINT");
    await served.says("SIGINT: answering");
    served.kill("SIGINT");
    expect(await served.ended()).toBe(130);
    expect(await slow).toBe("ECONNRESET");
  });

  test("says in one line what is wrong with a program, and ends with 1", async () => {
    folder.write("bad.mjs", 'const a = 1;\nthrow new TypeError("no such pool");\n');
    await using served = serve("bad.mjs");
    expect(await served.ended()).toBe(1);
    expect(served.err).toBe(
      "ambit serve: bad.mjs does not load: TypeError: no such pool (bad.mjs:2:7)\n",
    );
  });
});

describe("workers", () => {
  test("that do not start end the command with the reason, once", async () => {
    folder.write("bad.mjs", "export default { start() { throw new Error('no database'); } };");
    folder.write("none.mjs", "export const other = 1;");
    await using failing = serve("bad.mjs", "-w", "2");
    await using without = serve("none.mjs", "-w", "2");
    expect(await failing.ended()).toBe(1);
    expect(failing.err).toMatch(
      /^ambit serve: bad\.mjs does not start on \S+: Error: no database \(bad\.mjs:1:\d+\)\n$/,
    );
    expect(await without.ended()).toBe(2);
    expect(without.err).toMatch(
      /^ambit serve: none\.mjs has neither .*; it exports other; see .*\n$/,
    );
  });

  test("share the requests; one that dies is replaced; more and fewer come by signal", async () => {
    await using served = serve("app.mjs", "-w", "2");
    const url = await served.url();
    const [first] = await workersOf(url, 2);
    process.kill(first as number, "SIGKILL");
    await served.says(`(process ${first}) ended with SIGKILL; starting another`);
    await served.says(/worker \d is ready/);
    expect(await workersOf(url, 2)).not.toContain(first);
    served.kill("SIGTTIN");
    await workersOf(url, 3);
    served.kill("SIGTTOU");
    await served.says("2 workers from now on, SIGTTOU");
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(0);
  });

  test("answer what they were asked at SIGTERM; none is left", async () => {
    await using served = serve("app.mjs", "-w", "2");
    const url = await served.url();
    const workers = await workersOf(url, 2);
    const slow = [1, 2, 3, 4].map(() => textOf(`${url}/slow?300`));
    await delay(100);
    served.kill("SIGTERM");
    for (const text of await Promise.all(slow)) expect(text).toMatch(/^slow \d+$/);
    expect(await served.ended()).toBe(0);
    for (const pid of workers) expect(isAlive(pid)).toBe(false);
  });

  test("are killed at the second signal", async () => {
    await using served = serve("app.mjs", "-w", "2");
    const url = await served.url();
    const workers = await workersOf(url, 2);
    const slow = textOf(`${url}/slow?20000`).catch(() => "cut");
    await delay(100);
    served.kill("SIGTERM");
    await served.says("SIGTERM: answering");
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(143);
    expect(await slow).toBe("cut");
    await until(() => [...workers].every((pid) => !isAlive(pid)));
  });

  test("end by themselves, with what they were asked, when their supervisor is gone", async () => {
    await using served = serve("app.mjs", "-w", "2");
    const url = await served.url();
    const workers = await workersOf(url, 2);
    const slow = textOf(`${url}/slow?300`);
    await delay(100);
    served.kill("SIGKILL");
    expect(await slow).toMatch(/^slow \d+$/);
    await until(() => [...workers].every((pid) => !isAlive(pid)));
  });

  test("are replaced after so many requests, and nobody notices", async () => {
    folder.write(
      "counted.mjs",
      `import { Application } from ${JSON.stringify(WEB)};
export const app = new Application();
app.get("/", () => String(process.pid));
`,
    );
    await using served = serve(
      "counted.mjs",
      "-w",
      "1",
      "--max-requests",
      "10",
      "--access-log",
      "off",
    );
    const url = await served.url();
    const [first] = await workersOf(url, 1);
    await until(async () => Number(await textOf(url)) !== first);
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(0);
    expect(served.err).not.toContain("ended with");
  });

  test("are restarted by SIGHUP under load without a request that fails", async () => {
    folder.write(
      "loaded.mjs",
      `import { Application } from ${JSON.stringify(WEB)};
export const app = new Application();
app.get("/", () => String(process.pid));
`,
    );
    await using served = serve("loaded.mjs", "-w", "2", "--access-log", "off");
    const url = await served.url();
    const before = await workersOf(url, 2);
    const agents = [new Agent({ keepAlive: true, maxSockets: 4 }), new Agent({ keepAlive: false })];
    const stop = new AbortController();
    const seen = new Set<number>();
    const failures: unknown[] = [];
    const client = async (agent: Agent): Promise<void> => {
      while (!stop.signal.aborted) {
        try {
          seen.add(Number(await textOf(url, agent)));
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const clients = [0, 0, 0, 0, 1, 1].map((which) => client(agents[which] as Agent));
    await delay(100);
    served.kill("SIGHUP");
    await served.says("restarted in");
    await until(() => [...before].every((pid) => !isAlive(pid)));
    stop.abort();
    await Promise.all(clients);
    for (const agent of agents) agent.destroy();
    expect(failures).toEqual([]);
    expect(seen.size).toBeGreaterThanOrEqual(3);
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(0);
  });
});

describe("a Unix socket", () => {
  test("that was left behind is taken over; one that is in use is not", async () => {
    const path = join(folder.path, "app.sock");
    // A process that is killed leaves its file.
    await using first = new Served(folder.path, ["app.mjs", "--unix", path, "-w", "1"]);
    await first.says(" on unix:");
    await using second = new Served(folder.path, ["app.mjs", "--unix", path, "-w", "1"]);
    expect(await second.ended()).toBe(2);
    expect(second.err).toContain(`--unix ${path}: another process listens there`);
    first.kill("SIGKILL");
    await first.ended();
    await until(() => refuses(path));
    await using third = new Served(folder.path, ["app.mjs", "--unix", path, "-w", "1"]);
    await third.says(" on unix:");
    const [response] = await once(get({ socketPath: path, path: "/", agent: false }), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
    third.kill("SIGTERM");
    expect(await third.ended()).toBe(0);
  });
});

describe("--reload", () => {
  const program = (answer: string): string => `import { Application } from ${JSON.stringify(WEB)};
const app = new Application();
app.get("/", () => ${answer});
export default app;
`;

  test("serves new code without a lost request, and keeps the old when the new does not load", async () => {
    folder.write("app.mjs", program('"one"'));
    await using served = serve("app.mjs", "--reload");
    const url = await served.url();
    expect(await textOf(url)).toBe("one");
    folder.write("app.mjs", program('"two"'));
    await until(async () => (await textOf(url)) === "two");
    expect(served.err).toContain("restarting: app.mjs changed");
    folder.write("app.mjs", `${program('"three"')}\nlet = ;`);
    await served.says(
      /restart failed: app\.mjs does not load: SyntaxError: .*; what was there serves on/,
    );
    await until(async () => (await textOf(url)) === "two");
    folder.write("app.mjs", program('"four"'));
    await until(async () => (await textOf(url)) === "four");
    served.kill("SIGINT");
    expect(await served.ended()).toBe(0);
  });
});

/** Whether nobody listens there any more. */
function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    }).once("error", () => resolve(true));
  });
}
