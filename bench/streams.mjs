// Streams: lines from a socket, messages back and forth, connections that come and go. All over loopback TCP, both ends
// in this process, so a rival's peer costs what ours does.
//
// "bare sockets" is node:net with the callbacks that one would write by hand: no back-pressure, no limit, no task.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import split2 from "split2";
import { taskGroup } from "../dist/index.js";
import { openConnection, startServer } from "../dist/streams/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("node:net").Socket} Socket */
/** @typedef {import("node:net").AddressInfo} AddressInfo */

const HOST = "127.0.0.1";
const LINES = 100_000;
const ROUND_TRIPS = 3000;
const CONNECTIONS = 200;

const line = "GET /some/path?with=a+query HTTP/1.1 and a bit\n";
const text = Buffer.from(line.repeat(LINES));
const message = Buffer.alloc(64, "m");

/** One server for all who read lines: it sends them as fast as they are taken. */
const source = createServer((socket) => void socket.on("error", () => {}).end(text)).unref();
const mirror = createServer(
  (socket) =>
    void socket
      .setNoDelay(true)
      .on("error", () => {})
      .on("data", (data) => socket.write(data)),
).unref();
for (const server of [source, mirror]) await once(server.listen(0, HOST), "listening");

/** @param {import("node:net").Server} server */
const portOf = (server) => /** @type {AddressInfo} */ (server.address()).port;

/** @returns {Socket} */
const sourceSocket = () => connect(portOf(source), HOST);

async function linesByReader() {
  const { reader, writer } = await openConnection({ host: HOST, port: portOf(source) });
  let length = 0;
  for await (const each of reader) length += each.length;
  await writer[Symbol.asyncDispose]();
  return length;
}

async function linesByReadline() {
  let length = 0;
  for await (const each of createInterface({ input: sourceSocket() })) length += each.length + 1;
  return length;
}

async function linesBySplit2() {
  let length = 0;
  for await (const each of sourceSocket().pipe(split2())) length += each.length + 1;
  return length;
}

async function linesByHand() {
  const socket = sourceSocket();
  let length = 0;
  /** @type {Buffer} */
  let rest = Buffer.alloc(0);
  socket.on("data", (/** @type {Buffer} */ chunk) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, from)) {
      length += data.subarray(from, at + 1).length;
      from = at + 1;
    }
    rest = data.subarray(from);
  });
  await once(socket, "close");
  return length;
}

async function roundTripsByStreams() {
  const { reader, writer } = await openConnection({ host: HOST, port: portOf(mirror) });
  let length = 0;
  for (let i = 0; i < ROUND_TRIPS; i++) {
    writer.write(message);
    const answer = await reader.readexactly(message.length);
    length += answer.length;
  }
  await writer[Symbol.asyncDispose]();
  return length;
}

/** @returns {Promise<number>} */
function roundTripsByHand() {
  return new Promise((resolve) => {
    const socket = connect({ port: portOf(mirror), host: HOST, noDelay: true });
    let length = 0;
    socket.on("data", (data) => {
      length += data.length;
      if (length % message.length !== 0) return;
      if (length === message.length * ROUND_TRIPS) socket.destroy();
      else socket.write(message);
    });
    socket.on("close", () => resolve(length));
    socket.write(message);
  });
}

/** Every connection says one line to a server of Ambit's and hears it back. */
async function connectionsOfTasks() {
  const server = await startServer(
    async (reader, writer) => {
      writer.write(await reader.readline());
    },
    { host: HOST, port: 0 },
  );
  let answered = 0;
  await taskGroup(async (group) => {
    for (let i = 0; i < CONNECTIONS; i++) {
      void group.spawn(async () => {
        const { reader, writer } = await openConnection({ host: HOST, port: server.port });
        writer.write("hello\n");
        const answer = await reader.read();
        if (answer.length === 6) answered++;
        await writer[Symbol.asyncDispose]();
      });
    }
  });
  await server[Symbol.asyncDispose]();
  return answered;
}

async function connectionsByHand() {
  const server = createServer((socket) => void socket.once("data", (data) => socket.end(data)));
  await once(server.listen(0, HOST), "listening");
  let answered = 0;
  const clients = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect(portOf(server), HOST);
    socket.on("data", (data) => void (answered += data.length / 6));
    socket.write("hello\n");
    clients.push(once(socket, "close"));
  }
  await Promise.all(clients);
  server.close();
  await once(server, "close");
  return answered;
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "lines from a socket",
    result: text.length,
    ambit: linesByReader,
    rivals: [
      { name: "node:readline", target: { 26: 1 }, work: linesByReadline },
      { name: "split2", target: { 26: 1 }, work: linesBySplit2 },
      { name: "bare sockets", work: linesByHand },
    ],
  },
  {
    what: "64 bytes there and back",
    result: message.length * ROUND_TRIPS,
    ambit: roundTripsByStreams,
    rivals: [{ name: "bare sockets", target: { 26: 1.5 }, work: roundTripsByHand }],
  },
  {
    what: "200 connections, each served by a task",
    result: CONNECTIONS,
    ambit: connectionsOfTasks,
    rivals: [{ name: "bare sockets", target: { 26: 1.5 }, work: connectionsByHand }],
  },
];
