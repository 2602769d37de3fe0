/*
 * `app.fetch` in other runtimes: Bun and Deno as processes of their own, with what was built. Real time and real sockets:
 * theirs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGES = join(ROOT, "tests/runtimes/node_modules");
const RUNTIMES = [
  {
    name: "Bun",
    binary: join(PACKAGES, "@oven/bun-linux-x64/bin/bun"),
    args: [],
    serve: `console.log(Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch }).port);`,
  },
  {
    name: "Deno",
    binary: join(PACKAGES, "@deno/linux-x64-glibc/deno"),
    args: ["run", "--allow-all", "--no-lock", "--quiet"],
    serve: `Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, app.fetch);`,
  },
];

function program(serve: string): string {
  const built = (entry: string): string =>
    JSON.stringify(pathToFileURL(join(ROOT, "dist", entry)).href);
  return `import { createTask, currentTask, sleep } from ${built("index.js")};
import { Application, eventStream, file, setCookie } from ${built("web/index.js")};

const app = new Application();
const seen = [];
app.cleanupContext(async function* () {
  seen.push("opened");
  yield;
  console.log("closed");
});
app.use(async (request, next) => {
  const reply = await next();
  reply.headers.set("x-path", request.path);
  return reply;
});
app.get("/users/:id<int>", ({ params }) => ({ id: params.id, task: currentTask().name }));
app.post("/echo", async (request) => ({ got: await request.json(), type: request.headers.get("content-type") }));
app.get("/stream", async function* () {
  for (let piece = 0; piece < 3; piece++) {
    await sleep(1);
    yield \`piece \${piece};\`;
  }
});
app.get("/child", async () => {
  const child = createTask(async () => (await sleep(1), 42));
  return { answer: await child };
});
app.get("/fails", () => { throw new Error("secret"); });
app.get("/wait", async () => {
  try {
    seen.push("began");
    await sleep(60_000);
  } finally {
    seen.push("finally");
  }
});
app.get("/events", () => eventStream(async function* () {
  try {
    for (;;) {
      yield { data: "tick" };
      await sleep(5);
    }
  } finally {
    seen.push("events over");
  }
}));
app.post("/save", { onDisconnect: "finish" }, async () => {
  seen.push("saving");
  await sleep(50);
  seen.push("saved");
});
app.post("/form", async (request) => {
  const form = await request.formData();
  return [form.get("name"), form.get("file").name, await form.get("file").text()];
});
app.get("/cookies", (request) => {
  setCookie(request, "a", "1");
  setCookie(request, "b", "2");
  return "set";
});
app.get("/file", () => file(import.meta.filename));
app.get("/seen", () => seen);
const running = await app.startup();
process.on("SIGTERM", () => void running.drain().then(() => process.exit(0)));
${serve}
`;
}

function missing(binary: string, name: string): boolean {
  if (existsSync(binary)) return false;
  const words = `there is no ${name}: \`node scripts/runtimes.mjs\` brings it from npm`;
  if (process.env["AMBIT_SERVERS"] === "required") throw new Error(words);
  console.warn(`skipped: ${words}`);
  return true;
}

describe.each(RUNTIMES)("app.fetch in $name", ({ name, binary, args, serve }) => {
  const skipped = missing(binary, name);
  let folder = "";
  let child: ChildProcess;
  let url = "";
  let out = "";

  const seen = async (): Promise<string[]> =>
    (await (await fetch(`${url}/seen`)).json()) as string[];
  async function untilSeen(what: string): Promise<void> {
    while (!(await seen()).includes(what)) await delay(5);
  }

  beforeAll(async () => {
    if (skipped) return;
    folder = mkdtempSync(join(tmpdir(), "ambit-runtime-"));
    const file = join(folder, "app.mjs");
    writeFileSync(file, program(serve));
    child = spawn(binary, [...args, file], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    const ended = once(child, "exit");
    while (!out.includes("\n") && child.exitCode === null)
      await Promise.race([once(child.stdout as NodeJS.EventEmitter, "data"), ended]);
    if (child.exitCode !== null) throw new Error(`${name} has ended:\n${said}`);
    url = `http://127.0.0.1:${out.trim()}`;
  }, 30_000);

  afterAll(async () => {
    if (skipped) return;
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  });

  test.skipIf(skipped)("routes, parameters, middlewares and tasks are as in Node.js", async () => {
    const response = await fetch(`${url}/users/7`);
    expect(response.headers.get("x-path")).toBe("/users/7");
    expect(await response.json()).toEqual({ id: 7, task: "GET /users/:id<int>" });
    expect(await (await fetch(`${url}/child`)).json()).toEqual({ answer: 42 });
    expect((await fetch(`${url}/users/x`)).status).toBe(404);
    expect((await fetch(`${url}/users/7`, { method: "DELETE" })).status).toBe(405);
  });

  test.skipIf(skipped)("a body is read, a malformed one refused", async () => {
    const headers = { "content-type": "application/json" };
    const right = await fetch(`${url}/echo`, { method: "POST", body: `{"a":[1]}`, headers });
    expect(await right.json()).toEqual({ got: { a: [1] }, type: "application/json" });
    const wrong = await fetch(`${url}/echo`, { method: "POST", body: "{", headers });
    expect(wrong.status).toBe(400);
  });

  test.skipIf(skipped)("an answer is streamed, and a failure tells nothing", async () => {
    expect(await (await fetch(`${url}/stream`)).text()).toBe("piece 0;piece 1;piece 2;");
    const failed = await fetch(`${url}/fails`);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain("secret");
  });

  test.skipIf(skipped)("a client that leaves stops the handler", async () => {
    const leaving = new AbortController();
    const asked = fetch(`${url}/wait`, { signal: leaving.signal }).catch(() => "left");
    await untilSeen("began");
    leaving.abort();
    expect(await asked).toBe("left");
    await untilSeen("finally");
  });

  test.skipIf(skipped)("a client that leaves an event stream stops its source", async () => {
    const leaving = new AbortController();
    const { body } = await fetch(`${url}/events`, { signal: leaving.signal });
    const first = await body?.getReader().read();
    expect(first?.done).toBe(false);
    leaving.abort();
    await untilSeen("events over");
  });

  test.skipIf(skipped)("what is to be finished is, for a client that has left, too", async () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const asked = fetch(`${url}/save`, { method: "POST", signal }).catch(() => "left");
    await untilSeen("saving");
    leaving.abort();
    expect(await asked).toBe("left");
    await untilSeen("saved");
  });

  test.skipIf(skipped)("forms with files, several cookies and ranges of files", async () => {
    const form = new FormData();
    form.set("name", "Ada");
    form.set("file", new Blob(["hello"]), "hello.txt");
    const sent = await fetch(`${url}/form`, { method: "POST", body: form });
    expect(await sent.json()).toEqual(["Ada", "hello.txt", "hello"]);
    const cookies = (await fetch(`${url}/cookies`)).headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split(";", 1)[0])).toEqual(["a=1", "b=2"]);
    const part = await fetch(`${url}/file`, { headers: { range: "bytes=0-5" } });
    expect([part.status, await part.text()]).toEqual([206, "import"]);
  });

  test.skipIf(skipped)("what the start has opened is closed by a drain", async () => {
    expect(await seen()).toContain("opened");
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
    expect([child.exitCode, out.includes("closed\n")]).toEqual([0, true]);
  });
});
