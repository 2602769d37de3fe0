/*
 * What the downloader of Ambit cannot know: whether an answer is a flag. Over real sockets, in real
 * time.
 */
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { run } from "ambit";
import { expect, onTestFinished, test } from "vitest";

import { downloadAsList } from "../../src/engines/asList.ts";
import { siteAt } from "../../src/site.ts";
import type { Outcome } from "../../src/transfer/outcome.ts";
import { temporaryFolder } from "../storage/temporaryFolder.ts";

const ANSWERS: Readonly<Record<string, [status: number, body: string]>> = {
  "/br/br.png": [200, "<!DOCTYPE html><title>Log in</title>"],
  "/fr/fr.png": [200, ""],
  "/it/it.png": [301, ""],
  "/de/de.png": [200, "an image"],
  "/es/es.png": [410, ""],
};

test("what is no image is an error; the file that was there stays, and nothing else does", async () => {
  const server = createServer((request, response) => {
    const [status, body] = ANSWERS[request.url ?? ""] ?? [404, ""];
    response.writeHead(status, { location: "/de/de.png" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = temporaryFolder();
  writeFileSync(join(folder, "br.png"), "the old flag");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const codes = ["BR", "FR", "IT", "DE", "ES"];
  const plan = { codes, site: siteAt(base, 250, true), meta: false, folder, maxRequests: 2 };
  const outcomes: Outcome[] = [];
  await run(() => downloadAsList(plan, (outcome) => outcomes.push(outcome)));
  outcomes.sort((a, b) => (a.code < b.code ? -1 : 1));
  expect(outcomes.map(({ code, status, cause, file }) => [code, cause ?? file ?? status])).toEqual([
    ["BR", "the answer is a web page, not an image"],
    ["DE", "de.png"],
    ["ES", "not found"],
    ["FR", "the answer is empty"],
    ["IT", "HTTP 301 Moved Permanently"],
  ]);
  expect(readdirSync(folder).sort()).toEqual(["br.png", "de.png"]);
  expect(readFileSync(join(folder, "br.png"), "utf8")).toBe("the old flag");
});
