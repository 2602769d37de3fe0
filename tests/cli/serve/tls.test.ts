/**
 * `ambit serve --tls-cert --tls-key` in processes of its own: what was built, in real time, over real sockets.
 */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DIST, Folder, Served } from "./programs.ts";

const WEB = JSON.stringify(pathToFileURL(join(DIST, "web/index.js")).href);
const CERTIFICATE = join(import.meta.dirname, "../../streams/certificate");
const read = (name: string): string => readFileSync(join(CERTIFICATE, name), "utf8");
const ca = read("ca.pem");
const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  folder.write("cert.pem", read("localhost.pem"));
  folder.write("key.pem", read("localhost.key"));
  folder.write(
    "app.mjs",
    `import { Application } from ${WEB};
const app = new Application();
app.get("/", ({ scheme }) => scheme);
export default app;
`,
  );
});
afterEach(() => folder[Symbol.dispose]());

function serve(cert: string, key: string, ...more: readonly string[]): Served {
  const args = ["app.mjs", "--port", "0", "--tls-cert", cert, "--tls-key", key, ...more];
  return new Served(folder.path, args);
}

async function textOf(url: string): Promise<string> {
  const [response] = (await once(get(url, { ca, agent: false }), "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += String(piece);
  return text;
}

const BOTH = [
  ["one process", []],
  ["two workers", ["--workers", "2"]],
] as const;

test.each(BOTH)("it is https, with %s", async (_what, more) => {
  await using served = serve("cert.pem", "key.pem", "--host", "localhost", ...more);
  const url = await served.url();
  expect(url).toMatch(/^https:/);
  expect(await textOf(url)).toBe("https");
  served.kill("SIGTERM");
  expect(await served.ended()).toBe(0);
});

test.each(BOTH)(
  "a file that is missing is told in one line, with 2, with %s",
  async (_what, more) => {
    await using served = serve("none.pem", "key.pem", ...more);
    expect(await served.ended()).toBe(2);
    expect(served.err).toBe(
      "ambit serve: --tls-cert none.pem: there is no such file; see `ambit serve --help`\n",
    );
  },
);

test.each([
  ["no key", "nonsense", "not a certificate and its key in PEM: "],
  // OpenSSL takes it, and fails every handshake.
  ["the key of another certificate", otherKey, "the key is not that of the certificate; "],
])("%s is told in one line, with 2, with one process and with two", async (_what, key, words) => {
  folder.write("bad.pem", key);
  for (const [, more] of BOTH) {
    await using served = serve("cert.pem", "bad.pem", ...more);
    expect(await served.ended()).toBe(2);
    expect(served.err).toMatch(/^[^\n]*\n$/);
    expect(served.err).toContain(`ambit serve: --tls-cert cert.pem --tls-key bad.pem: ${words}`);
  }
});

test("a restart of the workers reads the files anew, and keeps the old workers when they are wrong", async () => {
  await using served = serve("cert.pem", "key.pem", "--workers", "1");
  const url = await served.url();
  folder.write("key.pem", otherKey);
  served.kill("SIGHUP");
  await served.says(/restart failed: .*the key is not that of the certificate; what was there/);
  expect(await textOf(url)).toBe("https");
  folder.write("key.pem", read("localhost.key"));
  served.kill("SIGHUP");
  await served.says("restarted in");
  expect(await textOf(url)).toBe("https");
});
