// `ambit/download` as a program of a few lines uses it: `node libraryDownloader.mjs folder list lanes`.
import { readFileSync } from "node:fs";
import { run } from "../dist/index.js";
import { downloadAll } from "../dist/download/index.js";

const [, , folder = "", list = "", lanes = ""] = process.argv;

await run(async () => {
  const urls = readFileSync(list, "utf8").trim().split("\n");
  for await (const { outcome, error } of downloadAll(urls, {
    folder,
    concurrency: Number(lanes),
  })) {
    if (outcome !== "done") throw new Error(error?.message ?? outcome);
  }
});
