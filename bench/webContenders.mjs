// The web servers of `web.mjs`, each with the same four things: one middleware that adds a header, GET /users/:id as
// JSON, POST /echo of JSON, and a file of 100 KiB. Each is written as its own documentation has it.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/** Listens on a free port, which it gives. @typedef {(folder: string) => Promise<number>} Contender */

const JSON_TYPE = "application/json; charset=utf-8";
const HEADER = "x-served-by";
const VALUE = "bench";

/** @param {string} id */
const userOf = (id) => ({ id, name: `user ${id}`, tags: ["a", "b"] });

/** Their types are not wanted here, and some have none. @param {string} name @returns {Promise<any>} */
const load = (name) => import(name);

/** @param {import("node:http").Server} server @returns {Promise<number>} */
function listening(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      resolve(port);
    });
  });
}

/** @param {import("node:http").IncomingMessage} request @returns {Promise<string>} */
function textOf(request) {
  return new Promise((resolve, reject) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece) => (text += piece));
    request.on("end", () => resolve(text)).on("error", reject);
  });
}

/** @type {Record<string, Contender>} */
export const contenders = {
  ambit: async (folder) => {
    const { run } = await import("../dist/index.js");
    const { Application } = await import("../dist/web/index.js");
    const app = new Application();
    app.use((request, next) => {
      request.replyHeaders.set(HEADER, VALUE);
      return next();
    });
    app.get("/users/:id", ({ params }) => userOf(params.id));
    app.post("/echo", async (request) => /** @type {object} */ (await request.json()));
    app.static("/static", folder);
    return new Promise((resolve, reject) => {
      run(async () => {
        const server = await app.start({ port: 0 });
        resolve(server.port);
        await server.stopped();
      }).catch(reject);
    });
  },

  "node:http": (folder) => {
    const server = createServer((request, response) => {
      const { url = "" } = request;
      const headers = [HEADER, VALUE, "content-type", JSON_TYPE];
      if (url.startsWith("/users/")) {
        const body = JSON.stringify(userOf(url.slice("/users/".length)));
        headers.push("content-length", String(Buffer.byteLength(body)));
        response.writeHead(200, headers).end(body);
      } else if (url === "/echo") {
        void textOf(request).then((text) => {
          const body = JSON.stringify(JSON.parse(text));
          headers.push("content-length", String(Buffer.byteLength(body)));
          response.writeHead(200, headers).end(body);
        });
      } else {
        const path = join(folder, url.slice("/static/".length));
        const { size } = statSync(path);
        response.writeHead(200, [HEADER, VALUE, "content-length", String(size)]);
        createReadStream(path).pipe(response);
      }
    });
    return listening(server);
  },

  fastify: async (folder) => {
    const app = (await load("fastify")).default();
    app.addHook(
      "onRequest",
      (/** @type {any} */ _request, /** @type {any} */ reply, /** @type {any} */ done) => {
        reply.header(HEADER, VALUE);
        done();
      },
    );
    app.get("/users/:id", (/** @type {any} */ { params }) => Promise.resolve(userOf(params.id)));
    app.post("/echo", (/** @type {any} */ { body }) => Promise.resolve(body));
    app.get("/static/:name", (/** @type {any} */ { params }, /** @type {any} */ reply) =>
      reply.send(createReadStream(join(folder, params.name))),
    );
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server.address().port;
  },

  hono: async (folder) => {
    const { Hono } = await load("hono");
    const { createAdaptorServer } = await load("@hono/node-server");
    const { serveStatic } = await load("@hono/node-server/serve-static");
    const app = new Hono();
    app.use(async (/** @type {any} */ context, /** @type {any} */ next) => {
      await next();
      context.header(HEADER, VALUE);
    });
    app.get("/users/:id", (/** @type {any} */ context) =>
      context.json(userOf(context.req.param("id"))),
    );
    app.post("/echo", async (/** @type {any} */ context) => context.json(await context.req.json()));
    const rewriteRequestPath = (/** @type {string} */ path) => path.slice("/static".length);
    app.get("/static/*", serveStatic({ root: folder, rewriteRequestPath }));
    return listening(createAdaptorServer({ fetch: app.fetch }));
  },

  koa: async (folder) => {
    const Koa = (await load("koa")).default;
    const { Router } = await load("@koa/router");
    const app = new Koa();
    const router = new Router();
    app.use(async (/** @type {any} */ context, /** @type {any} */ next) => {
      context.set(HEADER, VALUE);
      await next();
    });
    router.get("/users/:id", (/** @type {any} */ context) => {
      context.body = userOf(context.params.id);
    });
    router.post("/echo", async (/** @type {any} */ context) => {
      context.body = JSON.parse(await textOf(context.req));
    });
    router.get("/static/:name", (/** @type {any} */ context) => {
      context.body = createReadStream(join(folder, context.params.name));
    });
    app.use(router.routes());
    return listening(createServer(app.callback()));
  },

  express: async (folder) => {
    const express = (await load("express")).default;
    const app = express();
    app.use((/** @type {any} */ _request, /** @type {any} */ response, /** @type {any} */ next) => {
      response.set(HEADER, VALUE);
      next();
    });
    app.get("/users/:id", (/** @type {any} */ request, /** @type {any} */ response) => {
      response.json(userOf(request.params.id));
    });
    app.post("/echo", express.json(), (/** @type {any} */ request, /** @type {any} */ response) => {
      response.json(request.body);
    });
    app.use("/static", express.static(folder));
    return listening(createServer(app));
  },
};
