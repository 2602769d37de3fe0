// Downloads as people write them with the fetch of Node.js: `node fetchDownloader.mjs many|one folder list|url`.
//
// Small files are written when they are whole, 64 at a time; a big one is piped into its file.
import { createWriteStream, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const [, , what, folder = "", source = ""] = process.argv;

/** @param {string} url */
const pathOf = (url) => join(folder, url.slice(url.lastIndexOf("/") + 1));

/** @param {string} url */
async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok || answer.body === null) throw new Error(`${url}: ${answer.status}`);
  return { answer, body: answer.body };
}

/** @param {readonly string[]} urls @param {number} lanes */
async function many(urls, lanes) {
  const waiting = urls.values();
  const lane = async () => {
    for (const url of waiting) {
      const { answer } = await fetched(url);
      await writeFile(pathOf(url), new Uint8Array(await answer.arrayBuffer()));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** @param {string} url */
async function one(url) {
  const { body } = await fetched(url);
  await pipeline(Readable.fromWeb(/** @type {any} */ (body)), createWriteStream(pathOf(url)));
}

if (what === "one") await one(source);
else await many(readFileSync(source, "utf8").trim().split("\n"), 64);
