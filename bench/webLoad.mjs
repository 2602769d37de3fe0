// The client of `web.mjs` in a process of its own: sends so many requests over 64 connections that are kept, and says how
// long that took and how many answers were right.
//
// It writes bytes onto sockets and looks for the end of each answer, and no more: on a machine of two cores a client that
// takes time holds the servers up. It trusts them: an answer is right when it is a 200 and long enough. While it waits it
// turns in circles: to wake a client that sleeps costs the process that writes to it, and the more, the more often the client
// has nothing to do, so a slow server would pay for being slow a second time.
import { connect } from "node:net";

/** @typedef {{ port: number, path: string, method: "GET" | "POST", body?: string, requests: number, length: number }} Order */
/** Seconds, and how many. @typedef {{ wall: number, right: number }} Loaded */

const CONNECTIONS = 64;
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** @param {Order} order */
function bytesOf({ port, path, method, body = "" }) {
  const fields = [`Host: 127.0.0.1:${port}`, "Accept: */*", "User-Agent: bench"];
  if (method === "POST")
    fields.push("Content-Type: application/json", `Content-Length: ${body.length}`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`);
}

/** Reads answers of one connection, whose bodies have a length or come in chunks. */
class Reader {
  #rest = -1;
  #bytes = 0;
  #ok = false;

  /** Whether the answer ends with that piece. @param {Buffer} piece */
  ends(piece) {
    if (this.#bytes === 0) this.#begin(piece);
    this.#bytes += piece.length;
    if (this.#rest === Infinity) return piece.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
    this.#rest -= piece.length;
    return this.#rest <= 0;
  }

  /** Servers send a head in one piece. @param {Buffer} piece */
  #begin(piece) {
    const end = piece.indexOf("\r\n\r\n");
    const head = piece.toString("latin1", 0, end);
    this.#ok = head.startsWith("HTTP/1.1 200");
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    this.#rest = length === undefined ? Infinity : end + 4 + Number(length);
  }

  /** Whether it was a right one; ready for the next. @param {number} length */
  take(length) {
    const right = this.#ok && this.#bytes >= length;
    this.#bytes = 0;
    return right;
  }
}

/** @param {Order} order @returns {Promise<Loaded>} */
async function load(order) {
  const request = bytesOf(order);
  let begun = 0;
  let right = 0;
  const lane = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: order.port, host: "127.0.0.1", noDelay: true });
      const reader = new Reader();
      const next = () => {
        if (begun++ < order.requests) socket.write(request);
        else socket.end();
      };
      socket.once("connect", next).once("error", reject).once("close", resolve);
      socket.on("data", (/** @type {Buffer} */ piece) => {
        if (!reader.ends(piece)) return;
        if (reader.take(order.length)) right++;
        next();
      });
    });
  let busy = true;
  const turn = () => busy && setImmediate(turn);
  turn();
  const start = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, lane)).finally(() => (busy = false));
  return { wall: (performance.now() - start) / 1000, right };
}

process.on("message", (/** @type {Order} */ order) => {
  load(order).then(
    (loaded) => process.send?.(loaded),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit());
