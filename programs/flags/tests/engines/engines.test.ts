/*
 * Every engine does the same job over real sockets, against the embedded server: time is real here,
 * since sockets and threads know no other, but nothing waits for it longer than it has to.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { createTask, isCancelled, run, Future } from "ambit";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { engineNames } from "../../src/engines/engine.ts";
import { loadEngine } from "../../src/engines/loadEngine.ts";
import { openFlagServer } from "../../src/server/flagServer.ts";
import { treatmentOf, type Treat } from "../../src/server/treatment.ts";
import { siteAt } from "../../src/site.ts";
import { StorageError } from "../../src/storage/storageError.ts";
import type { Outcome } from "../../src/transfer/outcome.ts";
import type { Plan } from "../../src/transfer/plan.ts";
import { temporaryFolder } from "../storage/temporaryFolder.ts";
import { loadCompiledThreads } from "./compiledThreads.ts";

// Threads start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

loadCompiledThreads();

const images = new FlagImages();
const atOnce: Treat = () => ({ delay: 0 });

async function planFor(codes: readonly string[], treat: Treat, more: Partial<Plan> = {}) {
  const server = await openFlagServer(images, treat);
  onTestFinished(() => server.close());
  const site = siteAt(server.base, 100, true);
  const plan = { codes, site, meta: false, folder: temporaryFolder(), maxRequests: 4, ...more };
  return { plan, files: () => readdirSync(plan.folder).sort() };
}

const byCode = (outcomes: readonly Outcome[]) =>
  Object.fromEntries(outcomes.map(({ code, status, cause }) => [code, cause ?? status]));

describe.each(engineNames)("the engine %s", (name) => {
  /** Runs the engine as the main task of a program. */
  async function download(plan: Plan): Promise<Outcome[]> {
    const engine = await loadEngine(name);
    const outcomes: Outcome[] = [];
    await run(() => engine.download(plan, (outcome) => outcomes.push(outcome)));
    return outcomes;
  }

  test("downloads every flag of the plan, whole, and tells what is not there", async () => {
    const { plan, files } = await planFor(["AD", "BR", "GB-SCT", "QZ", "ZW"], atOnce);
    expect(byCode(await download(plan))).toEqual({
      AD: "ok",
      BR: "ok",
      "GB-SCT": "ok",
      QZ: "not found",
      ZW: "ok",
    });
    expect(files()).toEqual(["ad.png", "br.png", "gb-sct.png", "zw.png"]);
    expect(readFileSync(join(plan.folder, "br.png"))).toEqual(images.image("BR", 100));
  });

  test("with metadata, saves two files that go by the country's name", async () => {
    const { plan, files } = await planFor(["BR", "VI"], atOnce, { meta: true });
    expect(byCode(await download(plan))).toEqual({ BR: "ok", VI: "ok" });
    expect(files()).toEqual([
      "Brazil.json",
      "Brazil.png",
      "U.S._Virgin_Islands.json",
      "U.S._Virgin_Islands.png",
    ]);
  });

  test("meets exactly the errors that the seed says", async () => {
    const codes = images.codes.slice(0, 40);
    const erratic = treatmentOf("ERROR", 5);
    const { plan } = await planFor(codes, (kind, code) => ({ ...erratic(kind, code), delay: 0 }));
    const causes = {
      unavailable: "HTTP 503 Service Unavailable",
      reset: "the connection was reset",
      cut: "the answer broke off halfway",
    };
    const expected = codes.map((code) => {
      const { fault } = erratic("flag", code);
      return [code, fault ? causes[fault] : "ok"];
    });
    expect(byCode(await download(plan))).toEqual(Object.fromEntries(expected));
  });

  test("keeps to the number of requests that it may have in flight", async () => {
    let most = 0;
    let now = 0;
    const counting: Treat = () => {
      most = Math.max(most, ++now);
      setTimeout(() => now--, 10);
      return { delay: 10 };
    };
    const { plan } = await planFor(images.codes.slice(0, 12), counting, { maxRequests: 3 });
    expect(await download(plan)).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(3);
  });

  test("stops when it is cancelled: complete files stay, nothing else does", async () => {
    const neverZ: Treat = (_kind, code) => ({ delay: code.startsWith("Z") ? 3_600_000 : 0 });
    const { plan, files } = await planFor(["AD", "BR", "ZA", "ZM", "ZW"], neverZ);
    const engine = await loadEngine(name);
    const outcomes: Outcome[] = [];
    await run(async () => {
      const two = new Future<void>();
      const task = createTask(() =>
        engine.download(plan, (outcome) => {
          if (outcomes.push(outcome) === 2) two.setResult(undefined);
        }),
      );
      await two;
      task.cancel();
      await expect(task).rejects.toSatisfy(isCancelled);
    });
    expect(byCode(outcomes)).toEqual({ AD: "ok", BR: "ok" });
    expect(files()).toEqual(["ad.png", "br.png"]);
  });

  test("gives up when the output folder takes no more files", async () => {
    const { plan } = await planFor(images.codes.slice(0, 20), atOnce);
    const gone = { ...plan, folder: join(plan.folder, "gone") };
    const failing = download(gone);
    await expect(failing).rejects.toBeInstanceOf(StorageError);
    await expect(failing).rejects.toThrow("there is no such folder");
  });
});
