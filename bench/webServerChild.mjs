// The other end of `webServer.mjs`: an HTTP server of files, of POSTs, and of answers that come 100 ms late.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { ANSWER } from "./webServer.mjs";

const [, , folder = ""] = process.argv;
const LATE = 100;
const late = Buffer.alloc(12 * 1024, "f");
const posted = JSON.stringify(ANSWER);

const server = createServer((request, answer) => {
  const { url = "" } = request;
  if (url.startsWith("/late/")) {
    setTimeout(() => answer.writeHead(200, { "content-length": late.length }).end(late), LATE);
  } else if (url === "/post") {
    request.resume().once("end", () => answer.writeHead(200, jsonHead).end(posted));
  } else {
    const path = join(folder, url);
    answer.writeHead(200, { "content-length": statSync(path).size });
    createReadStream(path).pipe(answer);
  }
});
const jsonHead = { "content-type": "application/json", "content-length": posted.length };

server.keepAliveTimeout = 60_000;
server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  process.send?.(port);
});
process.once("disconnect", () => process.exit());
