/*
 * A drop box: files come in by a form, and go out again with all that a web server does for files.
 *
 * An upload of any size takes a piece of memory: what is large waits in a temporary file, beside where it will be, and is
 * there as a whole or not at all; who leaves halfway leaves nothing. What is served knows ranges and validators, and no
 * path leads out of the folder.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "ambit";
import { ClientSession, type RequestOptions } from "ambit/http";
import {
  Application,
  BadRequest,
  escapeHtml,
  html,
  redirect,
  type RunningApplication,
} from "ambit/web";

const LARGEST = 100 * 1024 * 1024;

function pageOf(names: readonly string[]): string {
  const items = names.map(
    (name) => `<li><a href="/files/${encodeURIComponent(name)}">${escapeHtml(name)}</a>`,
  );
  return `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Drop box</title>
<h1>Drop box</h1>
<form method="post" enctype="multipart/form-data">
<label>File <input type="file" name="file" required></label> <button>Send</button>
</form>
<ul>${items.join("\n")}</ul>`;
}

function makeDropBox(folder: string): Application {
  const app = new Application();
  app.get("/", async () => html(pageOf(await readdir(folder))));
  app.post("/", { bodyLimit: LARGEST }, async (request) => {
    // Waits on the same disk: to save it is to rename it.
    const file = (await request.form({ folder: tmpdir(), fileSize: LARGEST })).file("file");
    if (file === null) throw new BadRequest("send a file, as `file`");
    await file.saveTo(join(folder, file.filename));
    return redirect("/", { status: 303 });
  });
  app.static("/files", folder, { cache: { maxAge: 60_000 } });
  return app;
}

async function demonstrate(
  server: RunningApplication,
  folder: string,
  out: { write(text: string): unknown },
): Promise<void> {
  await using session = new ClientSession({ baseUrl: `${server.url}/` });
  const send = async (name: string, content: Blob): Promise<number> => {
    const body = new FormData();
    body.append("file", content, name);
    await using response = await session.post("", { body, redirects: false });
    return response.status;
  };
  const ask = async (path: string, options: RequestOptions = {}): Promise<string> => {
    await using response = await session.get(path, options);
    const { length } = await response.bytes();
    return `${response.status}, ${length} bytes`;
  };
  out.write(`sent: ${await send("plan.txt", new Blob(["all work and no play"]))}\n`);
  out.write(`large: ${await send("../../large.bin", new Blob([new Uint8Array(5_000_000)]))}\n`);
  out.write(`there: ${(await readdir(folder)).sort().join(", ")}\n`);
  out.write(`whole: ${await ask("files/plan.txt")}\n`);
  out.write(`part: ${await ask("files/plan.txt", { headers: { range: "bytes=-4" } })}\n`);
  await using whole = await session.get("files/large.bin");
  const etag = whole.headers.get("etag") ?? "";
  await whole.bytes();
  out.write(`known: ${await ask("files/large.bin", { headers: { "if-none-match": etag } })}\n`);
  out.write(`outside: ${(await ask("files/..%2f..%2fetc/passwd")).slice(0, 3)}\n`);
}

/** @param port where to serve until Ctrl-C; left out, it asks itself and ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "drop-box-"));
  try {
    await run(async () => {
      const app = makeDropBox(folder);
      if (port !== undefined) return app.serve({ port });
      await using server = await app.start({ host: "127.0.0.1", port: 0 });
      await demonstrate(server, folder, out);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * sent: 303
 * large: 303
 * there: large.bin, plan.txt
 * whole: 200, 20 bytes
 * part: 206, 4 bytes
 * known: 304, 0 bytes
 * outside: 404
 */
