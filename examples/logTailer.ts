/*
 * A log tailer: the lines of several logs as they are written, each with the name of its log.
 *
 * A log is a task in one group: when one of them fails, or somebody presses Ctrl-C, all end, and their files are closed.
 * Logs that are not there yet are waited for; a log that is rotated, by renaming or by emptying it, is followed.
 *
 * With paths as arguments it tails those until Ctrl-C. Without, it tails two logs that it writes and rotates itself.
 */
import { appendFile, rename, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Queue, run, taskGroup } from "ambit";
import { tail, temporaryDirectory } from "ambit/files";

interface Output {
  write(text: string): unknown;
}

async function follow(path: string, lines: Queue<string>): Promise<void> {
  for await (const line of tail(path)) await lines.put(`${basename(path)}: ${line}`);
}

/** Tails the logs while `body` runs, which gets their lines; then stops. */
async function tailing(
  paths: readonly string[],
  body: (lines: Queue<string>) => Promise<void>,
): Promise<void> {
  const lines = new Queue<string>(100);
  await taskGroup(async (group) => {
    for (const path of paths) group.spawn(() => follow(path, lines), { name: `tail ${path}` });
    await body(lines);
    group.cancel();
  });
}

async function show(paths: readonly string[], out: Output): Promise<void> {
  await tailing(paths, async (lines) => {
    for await (const line of lines) out.write(`${line}\n`);
  });
}

/** What happens to logs in the course of a night. */
function night(app: string, web: string): readonly (() => Promise<void>)[] {
  return [
    () => writeFile(app, "started\n"),
    () => writeFile(web, "GET / 200\n"), // only now there is such a log
    () => appendFile(app, "half a li"), // not shown until its end comes
    () => appendFile(app, "ne, then the other half\n"),
    async () => {
      await rename(app, `${app}.1`); // logrotate
      await appendFile(`${app}.1`, "written after the rotation\n");
      await writeFile(app, "written to the new log\n");
    },
    async () => {
      await truncate(web); // logrotate with copytruncate
      await appendFile(web, "GET /favicon.ico 404\n");
    },
  ];
}

/** How many lines are to be seen after each step. */
const NEW_LINES = [1, 1, 0, 1, 2, 1];

async function demonstrate(out: Output): Promise<void> {
  await using folder = await temporaryDirectory();
  const paths = ["app.log", "web.log"].map((name) => join(folder.path, name));
  const [app = "", web = ""] = paths;
  await tailing(paths, async (lines) => {
    for (const [index, step] of night(app, web).entries()) {
      await step();
      for (let left = NEW_LINES[index] ?? 0; left > 0; left--) out.write(`${await lines.get()}\n`);
    }
  });
}

/** @param paths of logs to tail until Ctrl-C; none demonstrates */
export async function main(out: Output, paths: readonly string[] = []): Promise<void> {
  await run(() => (paths.length === 0 ? demonstrate(out) : show(paths, out)));
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout, process.argv.slice(2));

/* Output:
 * app.log: started
 * web.log: GET / 200
 * app.log: half a line, then the other half
 * app.log: written after the rotation
 * app.log: written to the new log
 * web.log: GET /favicon.ico 404
 */
