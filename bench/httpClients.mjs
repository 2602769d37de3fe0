// The HTTP clients that `http-client.mjs` compares, each doing the same: a GET whose body is read whole, and a
// POST of JSON whose answer is parsed. Each has 64 connections at most, kept, and tries nothing again.
import { Agent as HttpAgent } from "node:http";

/** What is posted. */
export const POSTED = {
  id: 4711,
  name: "benchmark",
  tags: ["a", "b", "c"],
  nested: { deep: [1, 2, 3] },
};

/** Gives the length of the body. @typedef {(url: string) => Promise<number>} Get */
/** Gives what was answered. @typedef {(url: string) => Promise<unknown>} Post */
/** Runs lanes, and ends when all have. @typedef {(lane: () => Promise<void>, lanes: number) => Promise<unknown>} Spread */
/** @typedef {{ get: Get, post: Post, spread?: Spread }} Client */

const CONNECTIONS = 64;

/** Loads one; nothing of the others is. @type {Record<string, () => Promise<Client>>} */
export const clients = {
  ambit,
  "undici request": undiciRequest,
  "undici fetch": undiciFetch,
  got,
  axios,
  ky,
};

/** @returns {Promise<Client>} */
async function ambit() {
  const { run, taskGroup } = await import("../dist/index.js");
  const { ClientSession } = await import("../dist/http/index.js");
  const session = new ClientSession({ limit: CONNECTIONS });
  return {
    get: async (url) => (await (await session.get(url)).bytes()).length,
    post: async (url) => (await session.post(url, { json: POSTED })).json(),
    spread: (lane, lanes) =>
      run(() =>
        taskGroup(async (group) => {
          for (let i = 0; i < lanes; i++) void group.spawn(lane);
        }),
      ),
  };
}

const jsonHeaders = { "content-type": "application/json" };

/** @returns {Promise<Client>} */
async function undiciRequest() {
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({ connections: CONNECTIONS });
  return {
    get: async (url) => (await (await request(url, { dispatcher })).body.bytes()).length,
    post: async (url) => {
      const body = JSON.stringify(POSTED);
      const answer = await request(url, { dispatcher, method: "POST", headers: jsonHeaders, body });
      return answer.body.json();
    },
  };
}

/** @returns {Promise<Client>} */
async function undiciFetch() {
  const { Agent, fetch } = await import("undici");
  const dispatcher = new Agent({ connections: CONNECTIONS });
  return {
    get: async (url) => (await (await fetch(url, { dispatcher })).arrayBuffer()).byteLength,
    post: async (url) => {
      const body = JSON.stringify(POSTED);
      const answer = await fetch(url, { dispatcher, method: "POST", headers: jsonHeaders, body });
      return answer.json();
    },
  };
}

const nodeAgent = () => new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });

/** @returns {Promise<Client>} */
async function got() {
  const { got: gotten } = await import("got");
  const client = gotten.extend({ agent: { http: nodeAgent() }, retry: { limit: 0 } });
  return {
    get: async (url) => (await client.get(url, { responseType: "buffer" })).body.length,
    post: (url) => client.post(url, { json: POSTED }).json(),
  };
}

/** @returns {Promise<Client>} */
async function axios() {
  const { default: library } = await import("axios");
  const client = library.create({ httpAgent: nodeAgent(), proxy: false });
  return {
    get: async (url) => (await client.get(url, { responseType: "arraybuffer" })).data.length,
    post: async (url) => (await client.post(url, POSTED)).data,
  };
}

/** On the fetch of Node.js itself. @returns {Promise<Client>} */
async function ky() {
  const { default: library } = await import("ky");
  const client = library.create({ retry: 0, timeout: false });
  return {
    get: async (url) => (await client.get(url).arrayBuffer()).byteLength,
    post: (url) => client.post(url, { json: POSTED }).json(),
  };
}
