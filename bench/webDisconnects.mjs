// How long after a client has left the handler's `finally` runs, for each thing that a handler can be at.
//
// Client and server are in one process, for they must read one clock.
import { once } from "node:events";
import { connect } from "node:net";
import { run, sleep } from "../dist/index.js";
import { Application, eventStream, stream, webSocket } from "../dist/web/index.js";
import { median } from "./compare.mjs";

const TIMES = 40;
const HOST = "Host: a\r\n";
const KEY = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const UPGRADE = `Connection: Upgrade\r\nUpgrade: websocket\r\n${KEY}`;

/** What is sent, and how many handlers begin. @type {Record<string, [string, number]>} */
const KINDS = {
  GET: [`GET /wait HTTP/1.1\r\n${HOST}\r\n`, 1],
  "three GETs at once": [`GET /wait HTTP/1.1\r\n${HOST}\r\n`.repeat(3), 3],
  "POST being read": [`POST /read HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\nhello`, 1],
  "POST that nobody reads": [
    `POST /unread HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n${"x".repeat(300_000)}`,
    1,
  ],
  "streamed answer": [`GET /stream HTTP/1.1\r\n${HOST}\r\n`, 1],
  "event stream": [`GET /events HTTP/1.1\r\n${HOST}\r\n`, 1],
  WebSocket: [`GET /socket HTTP/1.1\r\n${HOST}${UPGRADE}\r\n`, 1],
};

/** Told by handlers. @type {{ began: () => void, ended: () => void }} */
const told = { began: () => {}, ended: () => {} };

/** @param {() => Promise<unknown>} body */
async function watched(body) {
  told.began();
  try {
    await body();
  } finally {
    told.ended();
  }
}

/** Longer than any client stays. */
const FOREVER = 30_000;

async function* events() {
  told.began();
  try {
    yield { data: "begun" };
    await sleep(FOREVER);
  } finally {
    told.ended();
  }
}

function application() {
  const app = new Application();
  app.get("/wait", () => watched(() => sleep(FOREVER)).then(() => ""));
  app.post("/unread", () => watched(() => sleep(FOREVER)).then(() => ""));
  app.post("/read", (request) => watched(() => request.bytes()).then(() => ""));
  app.get("/stream", () =>
    stream((writer) =>
      watched(async () => {
        await writer.write("begun");
        await sleep(FOREVER);
      }),
    ),
  );
  app.get("/events", () => eventStream(events()));
  app.get(
    "/socket",
    webSocket(() => watched(() => sleep(FOREVER))),
  );
  return app;
}

/** Milliseconds until the last handler has ended. @param {number} port @param {string} request @param {number} count @returns {Promise<number>} */
async function leave(port, request, count) {
  let begun = 0;
  let ended = 0;
  const started = new Promise((resolve) => {
    told.began = () => void (++begun === count && resolve(undefined));
  });
  const over = new Promise((resolve) => {
    told.ended = () => void (++ended === count && resolve(performance.now()));
  });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(request);
  await started;
  await new Promise((resolve) => setTimeout(resolve, 5));
  const left = performance.now();
  socket.destroy();
  return (await over) - left;
}

/** By kind, the median and the most, in milliseconds. @returns {Promise<Record<string, { median: number, most: number }>>} */
export async function disconnects() {
  return run(async () => {
    const server = await application().start({ port: 0 });
    try {
      return await measured(server.port);
    } finally {
      await server.close();
    }
  });
}

/** @param {number} port */
async function measured(port) {
  /** @type {Record<string, { median: number, most: number }>} */
  const found = {};
  for (const [kind, [request, count]] of Object.entries(KINDS)) {
    /** @type {number[]} */
    const took = [];
    for (let i = 0; i < TIMES; i++) took.push(await leave(port, request, count));
    found[kind] = { median: median(took), most: Math.max(...took) };
  }
  return found;
}
