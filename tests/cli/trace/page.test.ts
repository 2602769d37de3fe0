/*
 * The page of `ambit trace` in a real Chromium. Real time: a browser and sockets know no other. One browser for all; each
 * test has a viewer and a profile of its own.
 */
import { createTask, run, sleep } from "ambit";
import { span, startTracing, OtlpReporter } from "ambit/tracing";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { traceApp } from "../../../src/cli/trace/traceApp.ts";
import { TraceStore } from "../../../src/cli/trace/traceStore.ts";
import { chromiumMissing, openChromium } from "../../servers/chromium.ts";
import {
  bringAxe,
  eventually,
  NARROW,
  seriousFindings,
  TALL,
  watchedPage,
} from "../../servers/watchedPage.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A visit of a shop: a span that fails, one that is cancelled, two that are well. */
async function visit(url: string, name = "GET /cart"): Promise<void> {
  const reporters = [new OtlpReporter({ url: `${url}/v1/traces` })];
  const tracing = startTracing({ serviceName: "shop", reporters, http: false, web: false });
  await span(name, async (whole) => {
    whole.setAttribute("url.path", `<b>${name}</b>`).addEvent("begun");
    await createTask(() => sleep(1), { name: "look up" });
    await span("pay", async () => {
      throw new RangeError("too much");
    }).catch(() => {});
    const left = createTask(() => sleep(60_000), { name: "recommend" });
    await sleep(1);
    left.cancel();
    await left.then(undefined, () => {});
  });
  await tracing.close();
}

describe.skipIf(chromiumMissing() !== null)("the page of ambit trace in Chromium", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openChromium();
  });

  afterAll(() => browser.close());

  /** A viewer and its page. */
  function viewing(
    body: (page: Page, url: string) => Promise<void>,
    path = "/",
    options: BrowserContextOptions = {},
  ): Promise<void> {
    return run(async () => {
      const app = traceApp(new TraceStore(10), () => {});
      await using server = await app.start({ port: 0 });
      const page = await watchedPage(browser, server.url, path, options);
      try {
        await body(page, server.url);
      } finally {
        // It asks once a second, and would complain of a viewer that has ended.
        await page.goto("about:blank");
      }
    });
  }

  const labels = (page: Page) => page.locator(".row .label > span").allTextContents();
  const traces = (page: Page) => page.locator("#list b").allTextContents();
  const focused = (page: Page) => page.evaluate("document.activeElement.innerText");

  test("it says where to send spans, and shows the first trace by itself when it has come", () =>
    viewing(async (page, url) => {
      await eventually(() => page.innerText("#none")).toContain("/api/v2/spans");
      await visit(url);
      await eventually(() => labels(page)).toEqual(["GET /cart", "look up", "pay", "recommend"]);
      expect(await page.isVisible("#none")).toBe(false);
      expect(await page.innerText("#count")).toBe("1 trace");
      expect(await page.innerText("#list small")).toContain("4 spans, 1 error – shop");
    }));

  test("a span that failed, and one that was cancelled, look different from those that are well", () =>
    viewing(async (page, url) => {
      await visit(url);
      await eventually(() => page.locator(".bar").count()).toBe(4);
      const classes = await page.locator(".bar").evaluateAll((all) =>
        // oxlint-disable-next-line typescript/no-unsafe-return -- runs in the page
        all.map((each) => each.className.replace("bar", "").trim()),
      );
      expect(classes).toEqual(["", "", "bad", "stop"]);
    }));

  test("each bar stands below the time in which its span ran", () =>
    viewing(async (page, url) => {
      await visit(url);
      await eventually(() => page.locator(".bar").count()).toBe(4);
      const boxes = await page.locator(".bar").all();
      const [whole, ...inner] = await Promise.all(boxes.map((bar) => bar.boundingBox()));
      for (const bar of inner) {
        expect(bar!.x).toBeGreaterThanOrEqual(whole!.x - 1);
        expect(bar!.x + bar!.width).toBeLessThanOrEqual(whole!.x + whole!.width + 3);
      }
      // The task that was cancelled began after the payment had failed.
      expect(inner[2]!.x).toBeGreaterThan(inner[0]!.x);
    }));

  test("a click tells what is known of a span, as text whatever it holds", () =>
    viewing(async (page, url) => {
      await visit(url);
      await page.click(".row >> nth=0");
      const details = page.locator(".details >> nth=0");
      expect(await details.innerText()).toContain("<b>GET /cart</b>");
      expect(await details.innerText()).toContain("begun");
      expect(await details.locator("b").count()).toBe(0);
      expect(await page.getAttribute(".row >> nth=0", "aria-expanded")).toBe("true");
      await page.click(".row >> nth=2");
      expect(await page.innerText(".details >> nth=2")).toContain("RangeError");
      await page.click(".row >> nth=0");
      expect(await details.isVisible()).toBe(false);
    }));

  test("all can be done by keys, and the address is that of the trace", () =>
    viewing(async (page, url) => {
      await visit(url, "GET /one");
      await visit(url, "GET /two");
      await eventually(() => traces(page)).toEqual(["GET /two", "GET /one"]);
      await page.focus("#list button");
      await page.keyboard.press("ArrowDown");
      expect(await focused(page)).toContain("GET /one");
      await page.keyboard.press("Enter");
      await eventually(() => page.innerText("#trace h2")).toBe("GET /one");
      const address = page.url();
      await page.focus(".row >> nth=1");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await eventually(() => page.isVisible(".details >> nth=0")).toBe(true);
      await page.goto("about:blank");
      await page.goto(address);
      await eventually(() => page.innerText("#trace h2")).toBe("GET /one");
      await eventually(() => page.locator('[aria-current="true"]').innerText()).toContain(
        "GET /one",
      );
    }));

  test("who looks at a span is not disturbed by traces that come", () =>
    viewing(async (page, url) => {
      await visit(url, "GET /one");
      await eventually(() => page.locator(".row").count()).toBe(4);
      await page.click(".row >> nth=0");
      await page.focus("#list button");
      await visit(url, "GET /two");
      await eventually(() => traces(page)).toHaveLength(2);
      expect(await page.innerText("#trace h2")).toBe("GET /one");
      expect(await page.isVisible(".details >> nth=0")).toBe(true);
      await eventually(() => focused(page)).toContain("GET /one");
    }));

  test("Clear forgets all of them", () =>
    viewing(async (page, url) => {
      await visit(url);
      await eventually(() => traces(page)).toEqual(["GET /cart"]);
      await page.click("#clear");
      await eventually(() => page.isVisible("#none")).toBe(true);
      expect(await page.innerText("#count")).toBe("0 traces");
      expect(await page.innerText("#trace")).toBe("");
    }));

  test.each([
    ["light", TALL],
    ["dark", TALL],
    ["dark", NARROW],
  ] as const)(
    "axe finds nothing serious in %s, %o, and nothing sticks out",
    (colorScheme, viewport) =>
      viewing(
        async (page, url) => {
          await bringAxe(page);
          await page.reload();
          expect(await seriousFindings(page)).toEqual([]);
          await visit(url, `GET /${"long".repeat(60)}`);
          await eventually(() => page.locator(".row").count()).toBe(4);
          await page.click(".row >> nth=0");
          expect(await seriousFindings(page)).toEqual([]);
          const width = await page.evaluate("document.documentElement.scrollWidth");
          expect(width).toBe(viewport.width);
        },
        "/",
        { colorScheme, viewport },
      ),
  );
});
