/*
 * A page in Chromium that must have nothing to complain of: no message on its console, no error, no dialog, and no
 * request to anybody but the server that it came from. And what axe finds on it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

export const NARROW: Size = { width: 360, height: 740 };
export const TALL: Size = { width: 1000, height: 900 };

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Opens `path` of the server at `url`, in a profile of its own; what it complains of fails the test at its end. */
export async function watchedPage(
  browser: Browser,
  url: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: TALL, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  page.on("dialog", (dialog) => void complaints.push(dialog.message()));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(url + path);
  return page;
}

/** Looks until it holds: a busy machine must not fail a test. */
export function eventually<T>(look: () => T | Promise<T>) {
  return expect.poll(look, { timeout: 15_000, interval: 20 });
}

/** What axe says, as far as it is read. */
interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

let axe: string | undefined;

/** Has axe in all pages that it goes to from now on: not as an element, which a page's own policy would not let in. */
export async function bringAxe(page: Page): Promise<void> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.addInitScript({ content: axe });
}

/** What axe finds serious or critical on the page as it is: the rule, and the first element. */
export async function seriousFindings(page: Page): Promise<(string | undefined)[][]> {
  const { violations } = await page.evaluate<Found>("axe.run()");
  const bad = violations.filter(({ impact }) => /serious|critical/.test(impact));
  return bad.map(({ id, nodes }) => [id, nodes[0]?.html]);
}
