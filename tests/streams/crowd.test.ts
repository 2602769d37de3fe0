/**
 * Many connections, and too many: in processes of their own, whose memory and descriptors are nobody else's, so in real
 * time.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CROWD = 10_000;
/** What 10,000 connections may take of the server's memory, in MB. */
const MEMORY = 500;

/** Descriptors that are soon used up, but enough to load a program with. */
const FEW = 150;
const MANY = "300";

const SERVER = `
  import { createInterface } from "node:readline";
  import { createTask, getRunningLoop, run } from "ambit";
  import { startServer } from "ambit/streams";

  async function echo(reader, writer) {
    for await (const line of reader) {
      writer.write(line);
      await writer.drain();
    }
  }

  await run(async () => {
    const errors = new Set();
    getRunningLoop().setExceptionHandler(({ exception }) => errors.add(exception.code ?? String(exception)));
    const server = await startServer(echo, { host: "127.0.0.1", port: 0, backlog: 4096 });
    console.log(JSON.stringify({ port: server.port }));
    const serving = createTask(() => server.serveForever());
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "stop") break;
      // Asking for the memory opens a file.
      const rss = line === "memory" ? Math.round(process.memoryUsage.rss() / 2 ** 20) : undefined;
      console.log(JSON.stringify({ connections: server.connections, rss, errors: [...errors] }));
    }
    serving.cancel();
    await serving.then(null, () => {});
    console.log(JSON.stringify({ connections: server.connections }));
  });
`;

const CLIENT = `
  import { gather, mapConcurrent, run } from "ambit";
  import { openConnection } from "ambit/streams";

  const [port, count] = [Number(process.env.PORT), Number(process.env.COUNT)];
  await run(async () => {
    const all = [];
    for await (const each of mapConcurrent(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        try {
          const client = await openConnection({ host: "127.0.0.1", port });
          client.writer.write("hello " + i + "\\n");
          const answer = String(await client.reader.readline());
          if (answer === "") return { client, error: "turned away" };
          return { client, good: answer === "hello " + i + "\\n" };
        } catch (error) {
          return { error: error.code ?? error.name };
        }
      },
      { limit: 100 },
    )) all.push(each);
    const kinds = {};
    for (const { error, good } of all) {
      const kind = error ?? (good ? "good" : "wrong");
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    console.log(JSON.stringify(kinds));
    for await (const _ of process.stdin);
    await gather(all.filter(({ client }) => client).map(({ client }) => () => client[Symbol.asyncDispose]()));
  });
`;

class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  /** @param descriptors how many it may have open */
  constructor(source: string, descriptors: number, env: Record<string, string> = {}) {
    const node = `ulimit -n ${descriptors} && exec "$0" --input-type=module --eval "$1"`;
    this.#child = spawn("sh", ["-c", node, process.execPath, source], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", ...env },
    });
    this.#child.stderr?.on("data", (text: Buffer) => (this.#errors += String(text)));
    const output = this.#child.stdout as Readable;
    this.#lines = createInterface({ input: output })[Symbol.asyncIterator]();
  }

  ask(question: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${question}\n`);
    return this.next();
  }

  async next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the program ended: ${this.#errors}`);
    return JSON.parse(value) as Record<string, unknown>;
  }

  async end(): Promise<{ code: unknown; errors: string }> {
    const closed = once(this.#child, "close");
    this.#child.stdin?.end();
    const [code] = (await closed) as unknown[];
    return { code, errors: this.#errors };
  }

  /** Only if it is still there: a test that failed must leave nothing running. */
  [Symbol.dispose](): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }
}

test(
  `${CROWD} connections are open at once, each served, within ${MEMORY} MB`,
  { timeout: 120_000 },
  async () => {
    using server = new Program(SERVER, CROWD + 200);
    const { port } = await server.next();
    using clients = new Program(CLIENT, CROWD + 200, {
      PORT: String(port),
      COUNT: String(CROWD),
    });
    expect(await clients.next()).toEqual({ good: CROWD });
    const report = await server.ask("memory");
    expect(report).toMatchObject({ connections: CROWD, errors: [] });
    expect(report["rss"]).toBeLessThan(MEMORY);
    expect(await clients.end()).toEqual({ code: 0, errors: "" });
    expect(await server.ask("stop")).toEqual({ connections: 0 });
    expect(await server.end()).toEqual({ code: 0, errors: "" });
  },
);

test(
  "a client out of descriptors gets an EMFILE from each connect; what it has goes on",
  { timeout: 60_000 },
  async () => {
    using server = new Program(SERVER, 500);
    const { port } = await server.next();
    using clients = new Program(CLIENT, FEW, { PORT: String(port), COUNT: MANY });
    const kinds = (await clients.next()) as Record<string, number>;
    expect(Object.keys(kinds).sort()).toEqual(["EMFILE", "good"]);
    expect((kinds["EMFILE"] as number) + (kinds["good"] as number)).toBe(Number(MANY));
    expect(await server.ask("report")).toMatchObject({ connections: kinds["good"], errors: [] });
    expect(await clients.end()).toEqual({ code: 0, errors: "" });
    await server.ask("stop");
    expect(await server.end()).toEqual({ code: 0, errors: "" });
  },
);

test(
  "a server out of descriptors turns connections away, goes on with those it has, and takes new ones later",
  { timeout: 60_000 },
  async () => {
    using server = new Program(SERVER, FEW);
    const { port } = await server.next();
    const env = { PORT: String(port), COUNT: MANY };
    using crowd = new Program(CLIENT, 500, env);
    const kinds = (await crowd.next()) as Record<string, number>;
    expect(kinds["good"]).toBeGreaterThan(5);
    expect(Object.keys(kinds).filter((kind) => kind !== "good")).not.toEqual([]);
    expect(kinds["wrong"]).toBeUndefined();
    expect(await server.ask("report")).toMatchObject({ connections: kinds["good"] });
    expect(await crowd.end()).toEqual({ code: 0, errors: "" });
    using later = new Program(CLIENT, 500, { ...env, COUNT: "5" });
    expect(await later.next()).toEqual({ good: 5 });
    expect(await later.end()).toEqual({ code: 0, errors: "" });
    expect(await server.ask("stop")).toEqual({ connections: 0 });
    expect(await server.end()).toEqual({ code: 0, errors: "" });
  },
);
