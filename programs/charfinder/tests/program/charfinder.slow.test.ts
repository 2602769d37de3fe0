/*
 * The program as a whole, built, in processes of its own. Real time, since processes and sockets know no other.
 */
import { once } from "node:events";
import { connect } from "node:net";

import { expect, onTestFinished, test, vi } from "vitest";

import { charfinder, Program } from "./program.ts";

vi.setConfig({ testTimeout: 60_000 });

test("a query prints a line for each character, plain in a pipe", async () => {
  expect(await charfinder("query", "cat", "face", "hearts")).toEqual({ code: 1, out: "", err: "" });
  expect(await charfinder("query", "cat", "face", "-l", "2")).toEqual({
    code: 0,
    out: "U+1F431\t🐱\tCAT FACE\nU+1F638\t😸\tGRINNING CAT FACE WITH SMILING EYES\n",
    err: "",
  });
  expect(await charfinder("query", "cat face", "--count")).toMatchObject({ code: 0, out: "10\n" });
  const { out, err } = await charfinder("query", "bell", "--json", "--time");
  expect(JSON.parse(out)).toMatchObject({ query: "bell", count: 8, characters: { length: 8 } });
  expect(err).toMatch(/^\d+\.\d+ ms to find, \d+\.\d ms to load the index from the cache\n$/);
});

test("a huge answer goes out as a whole, and ends when nobody reads it", async () => {
  const { out } = await charfinder("query", "cjk");
  expect(out.split("\n").length).toBeGreaterThan(103_000);
  const program = new Program("query", "cjk");
  program.ended.catch(() => {}); // what it says is not read to the end
  await once(program.process.stdout, "data");
  program.process.stdout.destroy();
  const [code] = (await once(program.process, "exit")) as [number | null];
  expect(code).toBe(0);
});

test("mistakes are told in one line and the usage line, exit code 2", async () => {
  const { code, out, err } = await charfinder("find");
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(
    /^charfinder: `find` is none of query, tcp and http\nusage: charfinder .*\n$/,
  );
  expect(await charfinder("--help")).toMatchObject({ code: 0, err: "" });
  expect((await charfinder("--version")).out).toBe("charfinder 0.0.0, Unicode 18.0.0\n");
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends tcp: clients are told, and counted",
  async (signal) => {
    const program = new Program("tcp", "--port", "0");
    const port = Number(/nc 127\.0\.0\.1 (\d+)/.exec(await program.greeting())?.[1]);
    const client = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void client.destroy());
    let heard = "";
    client.on("data", (data) => (heard += data.toString()));
    while (!heard.endsWith("?> ")) await once(client, "data");
    program.process.kill(signal);
    await once(client, "end");
    expect(heard).toMatch(/server is shutting down\r\n$/);
    const { code, err } = await program.ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
  },
);

test("Ctrl-C ends http: open pages are told, and counted", async () => {
  const program = new Program("http", "--port", "0");
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(await program.greeting())?.[0] ?? "";
  const page = await fetch(`${url}/api/presence`);
  const reader = (page.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  expect(await (await fetch(`${url}/?query=cat+face`)).text()).toContain("10 matches");
  let last = "";
  program.process.stdout.on("data", (data: Buffer) => (last = data.toString()));
  program.process.kill("SIGINT");
  let heard = "";
  for (let step = await reader.read(); !step.done; step = await reader.read())
    heard += Buffer.from(step.value).toString();
  expect(heard).toContain("event: stopping\n");
  expect((await program.ended).code).toBe(0);
  expect(last).toBe("charfinder: stopped; 1 client was told\n");
});

test("a port that is in use is told in one line, exit code 1", async () => {
  const first = new Program("tcp", "--port", "0");
  const port = /nc 127\.0\.0\.1 (\d+)/.exec(await first.greeting())?.[1] ?? "";
  for (const kind of ["tcp", "http"])
    expect(await charfinder(kind, "--port", port)).toEqual({
      code: 1,
      out: "",
      err: `charfinder: port ${port} is in use: give another with --port, or 0 for a free one\n`,
    });
});
