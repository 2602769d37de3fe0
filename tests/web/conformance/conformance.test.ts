/*
 * The rules of HTTP/1.1 as a table: bytes, and what the server must make of them, over a real socket.
 *
 * Real time: what is tested is what node:http's parser, our own checks and a connection make of each other. Each row has
 * a connection of its own. `.ci/run` does this on every Node.js that is served, for their parsers differ.
 */
import { getRunningLoop, run } from "ambit";
import { describe, expect, test } from "vitest";
import { answers, limits } from "./answers.ts";
import { chunks, trailers } from "./chunks.ts";
import { complaints } from "./complaints.ts";
import { expectations, persistence, pipelining, upgrades } from "./connections.ts";
import { fields } from "./fields.ts";
import { codings, lengths } from "./framing.ts";
import { h1spec } from "./h1spec.ts";
import { requestLines } from "./requestLines.ts";
import type { Row } from "./row.ts";
import { subject } from "./subject.ts";
import { hosts, targets } from "./targets.ts";

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  "request lines": requestLines,
  hosts,
  targets,
  fields,
  lengths,
  codings,
  chunks,
  trailers,
  persistence,
  pipelining,
  expectations,
  upgrades,
  answers,
  limits,
  h1spec,
};

const PARSER = Number.parseInt(process.versions["llhttp"] ?? "", 10);

describe.each(Object.keys(TABLE))("%s", (name) => {
  const kept = (TABLE[name] as Row[]).filter(({ parser = 0 }) => PARSER >= parser);
  const rows = kept.map((row) => [row.rule, row.section, row] as const);
  test.each(rows)("%s (%s)", async (_rule, _section, row) => {
    const found = await run(async () => {
      // What `/fail` and `/split` throw.
      getRunningLoop().setExceptionHandler(() => {});
      await using server = await subject().start({ port: 0 });
      return await complaints(row, server.port);
    });
    expect(found).toEqual([]);
  });
});

test("each rule is there once", () => {
  const rules = Object.values(TABLE).flatMap((rows) => rows.map(({ rule }) => rule));
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
  expect(rules.length).toBeGreaterThan(300);
  expect(h1spec).toHaveLength(33);
});
