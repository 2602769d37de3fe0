/**
 * The traced request of examples/ on a real MariaDB and a real Redis, with a worker in a process of its own: what the viewer
 * gets, and how its page draws it in a real Chromium. In real time, for that is the servers'.
 *
 * Where `AMBIT_PICTURE` names a file, the page is written there: docs/pictures/trace.png was made so.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { moveOnAfter, run, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../examples/tracedRequest.ts";
import type { WholeTrace } from "../../src/cli/trace/traceStore.ts";
import { chromiumMissing, openChromium } from "../servers/chromium.ts";
import { mariadbMissing, redisMissing, serveMariadb, serveRedis } from "../servers/databases.ts";
import { watchedPage } from "../servers/watchedPage.ts";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

vi.setConfig({ testTimeout: 60_000 });

const missing = [mariadbMissing(), redisMissing(), chromiumMissing()].some((why) => why !== null);

describe.skipIf(missing)("a traced request", () => {
  const mariadb = serveMariadb();
  const redis = serveRedis();

  let viewer: ChildProcess;
  let url: string;

  beforeAll(async () => {
    viewer = spawn(process.execPath, [MAIN, "trace", "--port", "0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [words] = (await once(viewer.stderr as Readable, "data")) as [Buffer];
    url = /http:\/\/[\d.:]+/.exec(String(words))?.[0] ?? "";
  });

  afterAll(async () => {
    viewer.kill("SIGTERM");
    await once(viewer, "exit");
  });

  /** Runs the example; gives the trace of its second order, when it is whole. */
  async function ordered(): Promise<WholeTrace> {
    let output = "";
    const out = { write: (text: string) => (output += text) };
    await main(out, mariadb.server.url, redis.server.url, `${url}/api/v2/spans`);
    const [, id = ""] = /order 7: .*#(.*)/.exec(output) ?? [];
    return await run(async () => {
      await using session = new ClientSession();
      let trace: WholeTrace | undefined;
      await moveOnAfter(5000, async () => {
        do {
          await sleep(10);
          trace = await (await session.get(`${url}/api/traces/${id}`)).json<WholeTrace>();
        } while (trace.spans < WHOLE.length);
      });
      return trace as WholeTrace;
    });
  }

  test("goes over the web, the database, a thread and another process as one trace", async () => {
    const trace = await ordered();
    // Those of several threads and processes, whose clocks differ by some microseconds, come in no certain order.
    expect(pathsOf(trace).toSorted()).toEqual(WHOLE.toSorted());
    expect(trace.list.every(({ error, cancelled }) => !error && !cancelled)).toBe(true);
  });

  test("is drawn with each bar in its place, and no word over another", async () => {
    const { traceId } = await ordered();
    const browser = await openChromium();
    try {
      const page = await watchedPage(browser, url, `/#${traceId}`, {
        viewport: { width: 1200, height: 700 },
      });
      await page
        .locator(".row")
        .nth(WHOLE.length - 1)
        .waitFor();
      const labels = await page.locator(".row .label").allTextContents();
      const names = WHOLE.map((path) => path.split(/: | > /).at(-1) as string);
      expect(labels.map((label, row) => label.startsWith(names[row] as string))).toEqual(
        names.map(() => true),
      );
      expect(await page.evaluate(MISDRAWN)).toEqual([]);
      await page.locator(".row", { hasText: "call renderreceipt" }).click();
      const { AMBIT_PICTURE: path } = process.env;
      if (path !== undefined) await page.screenshot({ path });
    } finally {
      await browser.close();
    }
  });
});

const REQUEST = "post /orders/:id/receipt";
const RUN = `${REQUEST} > submit receipt.send > run receipt.send`;
const WHOLE = [
  `shop: ${REQUEST}`,
  `shop: ${REQUEST} > start test`,
  `shop: ${REQUEST} > select test`,
  `shop: ${REQUEST} > update test`,
  `shop: ${REQUEST} > commit test`,
  `shop: ${REQUEST} > call renderreceipt`,
  `shop: ${REQUEST} > submit receipt.send`,
  `mailer: ${RUN}`,
  `mailer: ${RUN} > call receipt.send`,
  `mailer: ${RUN} > call receipt.send > connect`,
  `mailer: ${RUN} > call receipt.send > deliver`,
];

/** Each span's service, and the names from the root to it. */
function pathsOf({ list }: WholeTrace): string[] {
  const pathOf = ({ name, parentId }: WholeTrace["list"][number]): string => {
    const parent = list.find(({ id }) => id === parentId);
    return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
  };
  return list.map((span) => `${span.service}: ${pathOf(span)}`);
}

/** In the page: rows whose bar or time is outside of its place, or whose words run into each other. */
const MISDRAWN = `[...document.querySelectorAll(".row")].flatMap((row) => {
  const box = (part) => row.querySelector(part).getBoundingClientRect();
  const whole = row.getBoundingClientRect(), label = box(".label"), bar = box(".bar"), time = box(".time");
  const wrong = [];
  if (bar.left < label.right || bar.right > whole.right + 1) wrong.push("bar of " + row.textContent);
  if (time.left < bar.right - 1 || time.right > whole.right) wrong.push("time of " + row.textContent);
  if (label.width < 100 || label.height > 60) wrong.push("label of " + row.textContent);
  return wrong;
})`;
