/*
 * A page that lists a folder.
 *
 * Strategy: names only, folders first, each a link below the page's own address, so that it works behind any prefix and
 * proxy. A name is text in the page and a path segment in the link, and is escaped as either. Names that would not be
 * served are not shown.
 * Limits: the first 10,000 names in the order of the alphabet.
 */
import { readdir } from "node:fs";
import { suspend } from "../core/suspend.ts";
import { escapeHtml } from "./escapeHtml.ts";
import type { Dotfiles } from "./fileRoot.ts";
import { Reply } from "./reply.ts";

const MOST_NAMES = 10_000;

/**
 * The page.
 *
 * **Cancellation:** ends the wait for the system.
 *
 * @param title the path as the visitor knows it
 * @throws the system's error
 * @internal
 */
export async function directoryListing(
  path: string,
  title: string,
  dotfiles: Dotfiles,
  isRoot: boolean,
): Promise<Reply> {
  const names = await namesIn(path);
  const shown = names.filter(
    (name) => !(dotfiles === "ignore" && name.startsWith(".")) && !/[\\\0]/.test(name),
  );
  const page = pageOf(title, isRoot ? shown : ["../", ...shown]);
  const headers = { "cache-control": "no-cache", "content-security-policy": "default-src 'none'" };
  return new Reply(page, { type: "text/html; charset=utf-8", headers });
}

/** Folders first, with a `/` at their ends. */
function namesIn(path: string): Promise<string[]> {
  return suspend<string[]>(
    (wait) => {
      readdir(path, { withFileTypes: true }, (error, entries) => {
        if (error !== null) return void wait.reject(error);
        const named = (wanted: boolean): string[] =>
          entries
            .filter((entry) => entry.isDirectory() === wanted)
            .map(({ name }) => (wanted ? `${name}/` : name))
            .sort();
        wait.resolve([...named(true), ...named(false)]);
      });
    },
    undefined,
    "read of a folder",
  );
}

function pageOf(title: string, names: readonly string[]): string {
  const items = names
    .slice(0, MOST_NAMES)
    .map((name) => `<li><a href="${hrefOf(name)}">${escapeHtml(name)}</a>`);
  if (names.length > MOST_NAMES) items.push(`<li>and ${names.length - MOST_NAMES} more`);
  const heading = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${heading}</title>
<h1>${heading}</h1>
<ul>
${items.join("\n")}
</ul>
</html>
`;
}

/** With a `./`, for a name like `a:b` would be a scheme. */
function hrefOf(name: string): string {
  if (name === "../") return name;
  const folder = name.endsWith("/");
  // Half a surrogate pair can't be encoded.
  const segment = Buffer.from(folder ? name.slice(0, -1) : name).toString();
  return escapeHtml(`./${encodeURIComponent(segment)}${folder ? "/" : ""}`);
}
