/**
 * Each option of `ambit serve` in a process of its own: what it changes that a client or who runs it can see. It runs what
 * was built, in real time, since processes know no other.
 */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DIST, Folder, Served, textOf, until } from "./programs.ts";

const WEB = JSON.stringify(pathToFileURL(join(DIST, "web/index.js")).href);
const AMBIT = JSON.stringify(pathToFileURL(join(DIST, "index.js")).href);
const PROGRAM = `import { getRunningLoop } from ${AMBIT};
import { Application } from ${WEB};
const app = new Application();
app.get("/", () => "hello");
app.get("/env", () => process.env.GREETING ?? "nothing");
app.get("/debug", () => String(getRunningLoop().debug));
app.get("/fails", () => { throw new Error("a secret"); });
app.health();
export default app;
`;

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  folder.write("app.mjs", PROGRAM);
});
afterEach(() => folder[Symbol.dispose]());

function serve(...args: readonly string[]): Served {
  return new Served(folder.path, ["app.mjs", "--port", "0", ...args]);
}

async function answerOf(url: string): Promise<{ status: number | undefined; text: string }> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += String(piece);
  return { status: response.statusCode, text };
}

/** Alone, and with a worker. */
const BOTH = [
  ["one process", []],
  ["a worker", ["--workers", "1"]],
] as const;

describe("--host", () => {
  // Elsewhere than on Linux a machine has one loopback address.
  test.skipIf(process.platform !== "linux").each(BOTH)(
    "is where it listens, with %s",
    async (_what, more) => {
      await using served = serve("--host", "127.0.0.2", ...more);
      const url = await served.url();
      expect(url).toMatch(/^http:\/\/127\.0\.0\.2:/);
      expect(await textOf(url)).toBe("hello");
    },
  );

  // An address for documents (RFC 5737), and a name that nobody need be asked for.
  test.each([
    ["203.0.113.9", []],
    ["203.0.113.9", ["--workers", "1"]],
    ["a..b", []],
  ])("%s %j is no address of this machine: a line, and 2", async (host, more) => {
    await using served = serve("--host", host, ...more);
    expect(await served.ended()).toBe(2);
    expect(served.err.split("\n")[0]).toContain(`ambit serve: --host ${host}: `);
  });
});

test("$PORT is where it listens without --port", async () => {
  await using served = new Served(folder.path, ["app.mjs"], { PORT: "0" });
  expect(await served.url()).not.toMatch(/:8000$/);
});

test("--start-timeout ends a worker that does not become ready, with a line and 1", async () => {
  folder.write("app.mjs", "export default { start: () => new Promise(() => {}) };");
  await using served = serve("--workers", "1", "--start-timeout", "500ms");
  expect(await served.ended()).toBe(1);
  expect(served.err).toContain("it was not ready within 500 ms (--start-timeout)\n");
});

test("--reload-dir watches every file in that folder, not only code", async () => {
  mkdirSync(join(folder.path, "pages"));
  folder.write("pages/page.txt", "one");
  folder.write(
    "app.mjs",
    `import { readFileSync } from "node:fs";
import { Application } from ${WEB};
const page = readFileSync("pages/page.txt", "utf8");
const app = new Application();
app.get("/", () => page);
export default app;
`,
  );
  await using served = serve("--reload", "--reload-dir", "pages");
  const url = await served.url();
  expect(await textOf(url)).toBe("one");
  folder.write("pages/page.txt", "two");
  await until(async () => (await textOf(url)) === "two");
  expect(served.err).toContain("restarting: pages/page.txt changed");
});

test("--help prints the help on standard output", async () => {
  await using served = new Served(folder.path, ["--help"]);
  expect(await served.ended()).toBe(0);
  expect(served.out).toContain("Usage: ambit serve");
  expect(served.err).toBe("");
});

test("--env sets what is in it, unless it is set already; the first that has it counts", async () => {
  folder.write("one.env", "GREETING=from one\n");
  folder.write("two.env", "GREETING=from two\n");
  {
    await using served = serve("--env", "one.env", "--env", "two.env");
    expect(await textOf(`${await served.url()}/env`)).toBe("from one");
  }
  await using served = new Served(
    folder.path,
    ["app.mjs", "--port", "0", "--env", "one.env", "--workers", "1"],
    { GREETING: "from the shell" },
  );
  expect(await textOf(`${await served.url()}/env`)).toBe("from the shell");
});

test("--env that is missing ends it with 2 and a line", async () => {
  await using served = serve("--env", "none.env");
  expect(await served.ended()).toBe(2);
  expect(served.err).toMatch(/^ambit serve: --env none\.env: /);
});

describe("--access-log", () => {
  async function logged(...args: readonly string[]): Promise<string> {
    await using served = serve(...args);
    await textOf(`${await served.url()}/env?secret=1`);
    served.kill("SIGTERM");
    await served.ended();
    return served.out + served.err;
  }

  test.each([
    ["json", ["--access-log", "json"]],
    ["auto", ["--access-log", "auto"]],
    ["nothing", []],
  ])("%s writes an object a line where there is no terminal", async (_how, args) => {
    const line = (await logged(...args)).split("\n").find((each) => each.startsWith("{"));
    expect(JSON.parse(line ?? "")).toMatchObject({ method: "GET", path: "/env", status: 200 });
  });

  test("pretty writes for people", async () => {
    const text = await logged("--access-log", "pretty");
    expect(text).toMatch(/GET .*\/env/);
    expect(text).not.toContain('{"time"');
  });

  test("off writes nothing of a request", async () => {
    expect(await logged("--access-log", "off")).not.toContain("/env");
  });
});

test.each([
  ["one process", [], []],
  ["a worker", ["--workers", "1"], ["worker ready"]],
])(
  "--json tells what happens as objects, one a line, on standard output, with %s",
  async (_what, more, first) => {
    await using served = serve("--json", "--access-log", "off", ...more);
    await until(() => served.out.includes('"listening"'));
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(0);
    const events = served.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; url?: string });
    const names = [...first, "listening", "stopping", "stopped"];
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(names));
    expect(events.find(({ event }) => event === "listening")?.url).toMatch(/^http:/);
    expect(served.err).toBe("");
  },
);

describe("--debug", () => {
  test.each(BOTH)("shows an error's words to the visitor, with %s", async (_what, more) => {
    await using served = serve("--debug", ...more);
    const url = await served.url();
    expect((await answerOf(`${url}/fails`)).text).toContain("a secret");
    expect(await textOf(`${url}/debug`)).toBe("true");
  });

  test("without it they are kept, and Ambit's debug mode is off", async () => {
    await using served = serve();
    const url = await served.url();
    const { status, text } = await answerOf(`${url}/fails`);
    expect([status, text.includes("a secret")]).toEqual([500, false]);
    expect(await textOf(`${url}/debug`)).toBe("false");
  });

  test.each(BOTH)(
    "shows the stack of a program that does not load, with %s",
    async (_what, more) => {
      folder.write("app.mjs", "function inner() { throw new Error('no pool'); }\ninner();\n");
      await using served = serve("--debug", ...more);
      expect(await served.ended()).toBe(1);
      expect(served.err).toMatch(
        /^ambit serve: app\.mjs does not load: Error: no pool .*\n[^]*at inner/,
      );
    },
  );
});

test.each(BOTH)(
  "--lame-duck answers on after SIGTERM, and is not ready, with %s",
  async (_what, more) => {
    await using served = serve("--lame-duck", "60s", ...more);
    const url = await served.url();
    expect((await answerOf(`${url}/readyz`)).status).toBe(200);
    served.kill("SIGTERM");
    await until(async () => (await answerOf(`${url}/readyz`)).status === 503);
    expect((await answerOf(`${url}/healthz`)).status).toBe(200);
    expect((await answerOf(`${url}/`)).text).toBe("hello");
    served.kill("SIGTERM");
    expect(await served.ended()).toBe(143);
  },
);

test("--drain-timeout cancels what takes longer", async () => {
  folder.write(
    "app.mjs",
    `import { sleep } from ${AMBIT};
import { Application } from ${WEB};
const app = new Application();
app.get("/slow", async () => {
  process.stderr.write("began\\n");
  try { await sleep(60_000); } finally { process.stderr.write("stopped\\n"); }
});
export default app;
`,
  );
  await using served = serve("--drain-timeout", "100ms");
  const slow = answerOf(`${await served.url()}/slow`);
  await served.says("began");
  served.kill("SIGTERM");
  expect((await slow).status).toBe(503);
  await served.ended();
  expect(served.err).toContain("stopped");
});
