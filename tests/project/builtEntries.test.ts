/*
 * What is loaded with each entry of the built package: files are joined by folder, and a module in the wrong one would
 * bring a whole HTTP client along.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadedBy } from "../../scripts/bundle.mjs";

const dist = join(import.meta.dirname, "../../dist");

function chunksOf(entry: string): string[] {
  return [...loadedBy(join(dist, entry))].map((path) => path.slice(dist.length + 1));
}

test.each([
  ["web/index.js", ["http", "download", "futures", "cli"]],
  ["http/index.js", ["web", "download", "files", "futures", "cli"]],
  ["files/index.js", ["web", "http", "download", "futures", "cli"]],
  ["futures/index.js", ["web", "http", "download", "files", "cli"]],
  ["mysql/index.js", ["web", "http", "files", "futures", "cli"]],
  ["redis/index.js", ["web", "http", "files", "futures", "cli"]],
  ["index.js", ["web", "http", "files", "futures", "cli", "streams"]],
  ["futures/threadWorker.js", ["tasks", "futures", "sync", "queues", "flow"]],
  ["futures/processWorker.js", ["tasks", "futures", "sync", "queues", "flow"]],
  ["tracing/workerTracing.js", ["web", "http", "distributed", "redis", "sql", "cli"]],
  ["cli/main.js", ["web", "http", "download", "files", "futures"]],
])("%s is loaded without %j", (entry, others) => {
  const chunks = chunksOf(entry);
  expect(chunks, "joined: `npm run build` makes what is looked at").toContain("chunks/core.js");
  for (const other of others) expect(chunks).not.toContain(`chunks/${other}.js`);
});
