// `npm start`: sets up, then runs the flag downloader in this very process, so that signals and
// exit codes are its own. Without arguments it does the main job: all flags.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, setUp } from "./setup.mjs";

await setUp();
const main = join(root, "programs", "flags", "dist", "main.js");
const args = process.argv.slice(2);
process.argv = [process.execPath, main, ...(args.length > 0 ? args : ["--all"])];
await import(pathToFileURL(main).href);
