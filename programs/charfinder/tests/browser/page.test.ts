/*
 * The page in a real Chromium. Real time: a browser and sockets know no other. One browser for all; each test has a
 * profile of its own in it.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { chromiumMissing, openChromium } from "../../../../tests/servers/chromium.ts";
import {
  bringAxe,
  eventually,
  NARROW,
  seriousFindings,
  TALL,
  watchedPage,
} from "../../../../tests/servers/watchedPage.ts";
import { Site } from "./site.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(chromiumMissing() !== null)("the page in Chromium", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    [browser, site] = await Promise.all([openChromium(), Site.open()]);
  });

  afterAll(async () => {
    await browser.close();
    await site[Symbol.asyncDispose]();
  });

  const open = (path: string, options: BrowserContextOptions = {}, at = site): Promise<Page> =>
    watchedPage(browser, at.url, path, options);
  const rows = (page: Page) => page.locator("tbody tr");
  const names = (page: Page) => page.locator("tbody .name").allTextContents();
  const focused = (page: Page) =>
    page.evaluate("document.activeElement.dataset.code ?? document.activeElement.id");

  test("results come as one types, and the address is that of the search", async () => {
    const page = await open("/");
    expect(await focused(page)).toBe("query");
    await page.keyboard.type("cat face", { delay: 20 });
    await eventually(() => page.innerText("#status")).toContain("10 matches for cat face in");
    await eventually(() => rows(page).count()).toBe(10);
    expect(page.url()).toBe(`${site.url}/?query=cat+face`);
    expect(await page.title()).toBe("cat face · charfinder");
    expect(await page.isVisible("#welcome")).toBe(false);
    await eventually(() => page.textContent("#announcer")).toBe("10 matches for cat face");
    await page.fill("#query", "cat face nowhere");
    await eventually(() => page.isVisible("#nothing")).toBe(true);
    expect(await page.isVisible("table")).toBe(false);
    await page.fill("#query", "");
    await eventually(() => page.isVisible("#welcome")).toBe(true);
    expect(await page.isVisible("#results")).toBe(false);
    expect(page.url()).toBe(`${site.url}/`);
  });

  test("a newer search ends the older one's task on the server", async () => {
    const slow = await Site.open(400);
    onTestFinished(() => slow[Symbol.asyncDispose]());
    const page = await open("/", {}, slow);
    await page.fill("#query", "letter");
    await eventually(() => rows(page).count()).toBeGreaterThan(0);
    expect(slow.visitors.searches).toEqual({ running: 1, finished: 0, cancelled: 0 });
    await page.fill("#query", "cat face");
    await eventually(() => slow.visitors.searches.cancelled).toBe(1);
    await eventually(() => names(page).then((all) => all[0]?.trim())).toBe("CAT FACE");
    await eventually(() => slow.visitors.searches).toEqual({
      running: 0,
      finished: 1,
      cancelled: 1,
    });
  });

  test("without a script there are pages to go through", async () => {
    const page = await open("/", { javaScriptEnabled: false });
    await page.click("text=chess");
    expect(await rows(page).count()).toBe(50);
    await page.fill("#query", "letter");
    await page.click("text=Search");
    expect(page.url()).toBe(`${site.url}/?query=letter`);
    const first = await names(page);
    await page.click("#next");
    expect(await page.innerText("#status")).toContain("11,533 matches, 51 to 100 for letter");
    expect(page.url()).toBe(`${site.url}/?query=letter&start=50`);
    expect(await names(page)).not.toEqual(first);
    await page.click("#previous");
    expect(await names(page)).toEqual(first);
    expect(await page.locator("#next, #previous").count()).toBe(1);
  });

  test("scrolling down brings more, in order and each once", async () => {
    const page = await open("/?query=letter");
    for (const least of [100, 150, 200]) {
      await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      await eventually(() => rows(page).count()).toBeGreaterThanOrEqual(least);
    }
    const codes = await page.locator("button[data-code]").evaluateAll((all) =>
      // oxlint-disable-next-line typescript/no-unsafe-return -- runs in the page
      all.map((each) => parseInt(each.getAttribute("data-code") as string, 16)),
    );
    expect(codes).toEqual([...new Set(codes)].sort((one, other) => one - other));
    await page.goto(`${site.url}/?query=die+face`);
    const all = await rows(page).count();
    expect(all).toBeGreaterThan(5);
    await page.evaluate("scrollTo(0, document.body.scrollHeight)");
    expect(await rows(page).count()).toBe(all);
    expect(await page.isVisible("#pager")).toBe(false);
  });

  test("a click copies a character, and says so", async () => {
    const page = await open("/?query=cat+face", {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.click('[aria-label="Copy CAT FACE, U+1F431"]');
    await eventually(() => page.textContent("#toast")).toBe("Copied CAT FACE");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("🐱");
    expect(await page.locator("#toast").getAttribute("role")).toBe("status");
    await eventually(() => page.isVisible("#toast")).toBe(false);
  });

  test("all can be done by keys", async () => {
    const page = await open("/?query=cat+face", {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.keyboard.press("/");
    expect(await focused(page)).toBe("query");
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toBe("1F431");
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toBe("1F638");
    await page.keyboard.press("Enter");
    await eventually(() => page.textContent("#toast")).toContain("Copied GRINNING CAT FACE");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("😸");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    expect(await focused(page)).toBe("query");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe("query");
    await page.fill("#query", "dog face");
    await page.keyboard.press("Enter");
    await eventually(() => names(page).then((all) => all[0]?.trim())).toBe("DOG FACE");
    await page.goBack();
    await eventually(() => names(page).then((all) => all[0]?.trim())).toBe("CAT FACE");
    expect(await page.inputValue("#query")).toBe("cat face");
  });

  test("what strangers typed is text, whatever it is", async () => {
    const query = `<img src=x onerror=alert(1)>"'&\u202Eabc`;
    const page = await open(`/?query=${encodeURIComponent(query)}`);
    expect(await page.inputValue("#query")).toBe(query);
    expect(await page.textContent("#status q")).toBe(query);
    expect(await page.locator("main img").count()).toBe(0);
    await page.fill("#query", `${query}!`);
    await eventually(() => page.textContent("#status q")).toBe(`${query}!`);
    expect(await page.locator("main img").count()).toBe(0);
  });

  test("a page that is open hears that the server stops", async () => {
    const ending = await Site.open();
    onTestFinished(() => ending[Symbol.asyncDispose]());
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(ending.url);
    await eventually(() => ending.visitors.pages).toBe(1);
    expect(await ending.stop()).toBe(1);
    await eventually(() => page.textContent("#toast")).toBe("The server is shutting down.");
    // A search that finds nobody says so, and the page stays.
    await page.fill("#query", "cat");
    await eventually(() => page.textContent("#toast")).toBe("The server does not answer.");
  });

  test.each([
    ["light", TALL, ["", "zero width"]],
    ["dark", TALL, ["", "zero width"]],
    ["dark", NARROW, ["zero width"]],
  ] as const)("axe finds nothing serious in %s, %o", async (colorScheme, viewport, queries) => {
    const page = await open("/", { colorScheme, viewport });
    await bringAxe(page);
    for (const query of queries) {
      await page.goto(`${site.url}/?${new URLSearchParams({ query }).toString()}`);
      expect([query, await seriousFindings(page)]).toEqual([query, []]);
    }
  });

  test("nothing sticks out of a narrow screen", async () => {
    const page = await open("/", { viewport: NARROW });
    for (const query of ["", "cat face", "zero width", "zzzz", "x".repeat(200)]) {
      await page.goto(`${site.url}/?${new URLSearchParams({ query }).toString()}`);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width, query).toBe(NARROW.width);
    }
  });
});
