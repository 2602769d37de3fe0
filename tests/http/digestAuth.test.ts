/*
 * Digest authentication: the RFC's own figures, a strict server, and curl, where the machine has it.
 *
 * Over real sockets, so in real time, but for what needs no server.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createTask, gather, protect, sleep } from "ambit";
import {
  ClientError,
  ClientSession,
  digestAuth,
  type Middleware,
  MockTransport,
  type RequestBody,
  streamBody,
} from "ambit/http";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import {
  byteString,
  digestAlgorithm,
  type DigestAlgorithm,
  digestKey,
  digestOf,
  digestOfBody,
  digestResponse,
} from "../../src/http/digestResponse.ts";
import { DigestServer, paramsOf } from "./digestServer.ts";
import { Origin, until } from "./origin.ts";

const run = promisify(execFile);
const hasCurl = await run("curl", ["--version"]).then(
  () => true,
  () => false,
);
const ALGORITHMS = ["MD5", "SHA-256", "SHA-512-256", "SHA-512"].flatMap((name) => [
  name,
  `${name}-sess`,
]);

function known(name: string): DigestAlgorithm {
  const algorithm = digestAlgorithm(name);
  if (algorithm === null) throw new Error(`no ${name} here`);
  return algorithm;
}

describe("the response", () => {
  const mufasa = {
    method: "GET",
    uri: "/dir/index.html",
    nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    nc: "00000001",
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    qop: "auth",
    bodyHash: "",
  } as const;

  test.each([
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ])("is that of RFC 7616, 3.9.1: %s", (name, expected) => {
    const { nonce, cnonce } = mufasa;
    const key = digestKey(
      known(name),
      "Mufasa",
      "http-auth@example.org",
      "Circle of Life",
      nonce,
      cnonce,
    );
    expect(digestResponse(known(name).hash, key, mufasa)).toBe(expected);
  });

  test("is that of RFC 7616, 3.9.2, as its erratum 4897 has it", () => {
    const algorithm = known("SHA-512-256");
    const [nonce, cnonce] = [
      "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
      "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    ];
    const [login, realm] = ["J\u00e4s\u00f8n Doe", "api@example.org"];
    const key = digestKey(algorithm, login, realm, "Secret, or not?", nonce, cnonce);
    const input = { ...mufasa, uri: "/doe.json", nonce, cnonce };
    expect(digestOf(algorithm.hash, byteString(login), realm)).toBe(
      "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
    );
    expect(digestResponse(algorithm.hash, key, input)).toBe(
      "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
    );
  });

  test("is that of RFC 2617, 3.5", () => {
    const nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    const input = { ...mufasa, nonce, cnonce: "0a4f113b" };
    const key = digestKey(
      known("MD5"),
      "Mufasa",
      "testrealm@host.com",
      "Circle Of Life",
      nonce,
      "",
    );
    expect(digestResponse("md5", key, input)).toBe("6629fae49393a05397450978507c4ef1");
  });
});

async function fetched(
  session: ClientSession,
  url: string,
  body?: string | RequestBody,
): Promise<string> {
  const options = body === undefined ? {} : { body };
  const response = await session.request(body === undefined ? "GET" : "POST", url, options);
  return `${response.status} ${await response.text()}`;
}

function sessionWith(...middlewares: Middleware[]): ClientSession {
  return new ClientSession({ middlewares });
}

describe("a strict server takes", () => {
  test.each(
    ALGORITHMS.flatMap((algorithm) => ["auth", "auth-int"].map((qop) => [algorithm, qop] as const)),
  )("%s with %s, the second request at once, over one connection", async (algorithm, qop) => {
    await using server = await DigestServer.start({ algorithm, qop });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    expect(await fetched(session, `${server.url}/a?b=c`)).toBe("200 GET /a?b=c ");
    expect(await fetched(session, `${server.url}/d`, "body")).toBe("200 POST /d body");
    expect(server.verdicts).toEqual(["bare", "ok", "ok"]);
    expect(server.connections).toBe(1);
  });

  test.each([{}, { algorithm: "MD5" }, { algorithm: "MD5-sess" }])(
    "an answer without quality of protection, as of RFC 2069: %j",
    async (rules) => {
      await using server = await DigestServer.start(rules);
      await using session = sessionWith(digestAuth("ada", "lovelace"));
      expect(await fetched(session, server.url)).toBe("200 GET / ");
      expect(await fetched(session, server.url)).toBe("200 GET / ");
    },
  );

  test("a hashed name, a name beyond ASCII in either form, and a long password", async () => {
    const who = { login: 'J\u00e4s\u00f8n "D" Doe', password: `\u20ac ${"x".repeat(500)}` };
    for (const rules of [{ userhash: true }, { charset: "UTF-8" }, {}]) {
      await using server = await DigestServer.start({
        ...who,
        ...rules,
        qop: "auth",
        algorithm: "SHA-256",
      });
      await using session = sessionWith(digestAuth(who.login, who.password));
      expect(await fetched(session, server.url)).toBe("200 GET / ");
      expect(
        /username\*=UTF-8''J%C3%A4s%C3%B8n%20%22D%22%20Doe,/.test(server.headers[1] ?? ""),
      ).toBe("charset" in rules);
    }
  });

  test("many requests at a time, each with a count of its own", async () => {
    await using server = await DigestServer.start({ qop: "auth", algorithm: "SHA-256" });
    await using session = new ClientSession({
      limit: 1,
      middlewares: [digestAuth("ada", "lovelace")],
    });
    await fetched(session, server.url);
    const all = await gather(Array.from({ length: 20 }, () => () => fetched(session, server.url)));
    expect(new Set(all)).toEqual(new Set(["200 GET / "]));
    expect(server.verdicts.slice(1)).toEqual(Array.from({ length: 21 }, () => "ok"));
  });
});

test("a stale nonce costs one more round, and no more", async () => {
  await using server = await DigestServer.start({ qop: "auth", uses: 2 });
  await using session = sessionWith(digestAuth("ada", "lovelace"));
  for (let i = 0; i < 4; i++) expect(await fetched(session, server.url)).toBe("200 GET / ");
  expect(server.verdicts).toEqual(["bare", "ok", "ok", "stale", "ok", "ok"]);
  await using never = await DigestServer.start({ qop: "auth", uses: 0 });
  expect(await fetched(session, never.url)).toBe("401 who are you?");
  expect(never.verdicts).toEqual(["bare", "stale", "stale"]);
});

test("the next nonce that a server hands out is used, with a new count", async () => {
  for (const algorithm of ["MD5", "SHA-256"]) {
    await using server = await DigestServer.start({
      qop: "auth",
      nextnonce: true,
      uses: 1,
      algorithm,
    });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    for (let i = 0; i < 3; i++) expect(await fetched(session, server.url)).toBe("200 GET / ");
    expect(server.verdicts).toEqual(["bare", "ok", "ok", "ok"]);
  }
});

test("a wrong password gives the caller the 401, and is not tried again unasked", async () => {
  await using server = await DigestServer.start({ qop: "auth" });
  await using session = sessionWith(digestAuth("ada", "wrong"));
  expect(await fetched(session, server.url)).toBe("401 who are you?");
  expect(await fetched(session, server.url)).toBe("401 who are you?");
  expect(server.verdicts).toEqual(["bare", "wrong response", "bare", "wrong response"]);
});

test("without preemption each request is asked first", async () => {
  await using server = await DigestServer.start({ qop: "auth" });
  await using session = sessionWith(digestAuth("ada", "lovelace", { preemptive: false }));
  for (let i = 0; i < 2; i++) expect(await fetched(session, server.url)).toBe("200 GET / ");
  expect(server.verdicts).toEqual(["bare", "ok", "bare", "ok"]);
});

test("only URLs of the protection space are signed unasked", async () => {
  await using server = await DigestServer.start({
    qop: "auth",
    domain: "/in /also/ http://elsewhere/",
  });
  await using session = sessionWith(digestAuth("ada", "lovelace"));
  for (const path of ["/in", "/in/deep", "/also/x", "/out"])
    await fetched(session, server.url + path);
  expect(server.verdicts).toEqual(["bare", "ok", "ok", "ok", "bare", "ok"]);
});

test("of several challenges the strongest that is known is answered", async () => {
  const challenge = (rest: string) => `Digest realm="r", nonce="n", qop="auth", ${rest}`;
  await using origin = await Origin.start((request, answer) => {
    if (request.headers.authorization === undefined) {
      const all = ["MD5", "SHA-256", "SHA3-512", "SHA-256-sess"].map((name) =>
        challenge(`algorithm=${name}`),
      );
      answer.setHeader("www-authenticate", [
        'Basic realm="x, Digest y"',
        all.join(", "),
        "NTLM abc=",
      ]);
      answer.writeHead(401).end();
    } else answer.end(request.headers.authorization);
  });
  await using session = sessionWith(digestAuth("ada", "lovelace"));
  expect(await fetched(session, origin.url)).toContain("algorithm=SHA-256,");
});

test.each([
  ["none", undefined],
  ["only Basic", "Basic realm=r"],
  ["an unknown algorithm", 'Digest realm="r", nonce="n", algorithm=SHA3'],
  ["an unknown quality of protection", 'Digest realm="r", nonce="n", qop="x"'],
  ["no nonce", 'Digest realm="r"'],
])("a 401 with a challenge that cannot be met is the caller's: %s", async (_, challenge) => {
  await using origin = await Origin.start((_request, answer) => {
    if (challenge !== undefined) answer.setHeader("www-authenticate", challenge);
    answer.writeHead(401).end("no");
  });
  await using session = sessionWith(digestAuth("ada", "lovelace"));
  expect(await fetched(session, origin.url)).toBe("401 no");
  expect(origin.seen).toHaveLength(1);
});

describe("a server that has to prove itself", () => {
  test.each([
    [true, "200 GET / "],
    [
      "0".repeat(32),
      "ClientError: GET URL/: the server did not prove that it knows the password (`rspauth`)",
    ],
    [
      false,
      "ClientError: GET URL/: the server did not prove that it knows the password (`rspauth`)",
    ],
  ])("with rspauth %j: %s", async (rspauth, expected) => {
    await using server = await DigestServer.start({ qop: "auth", rspauth });
    await using session = sessionWith(digestAuth("ada", "lovelace", { mutual: true }));
    const outcome = await fetched(session, server.url).catch((error: unknown) =>
      error instanceof ClientError ? String(error).replace(server.url, "URL") : error,
    );
    expect(outcome).toBe(expected);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });
});

describe("credentials do not go", () => {
  test("where a redirect leads, unless the caller went there himself", async () => {
    await using server = await DigestServer.start({ qop: "auth" });
    await using origin = await Origin.start((_, answer) => {
      answer.writeHead(302, { location: `${server.url}/x` }).end();
    });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    expect(await fetched(session, origin.url)).toBe("401 who are you?");
    expect(server.verdicts).toEqual(["bare"]);
    expect(await fetched(session, server.url)).toBe("200 GET / ");
    expect(await fetched(session, origin.url)).toBe("200 GET /x ");
  });

  test("to other origins than those that were named", async () => {
    await using server = await DigestServer.start({ qop: "auth" });
    await using other = await DigestServer.start({ qop: "auth" });
    await using session = sessionWith(digestAuth("ada", "lovelace", { origins: [server.url] }));
    expect(await fetched(session, other.url)).toBe("401 who are you?");
    expect(await fetched(session, server.url)).toBe("200 GET / ");
  });

  test("with a request that has its own", async () => {
    await using server = await DigestServer.start({ qop: "auth" });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    const headers = { authorization: "Bearer x" };
    expect((await session.get(server.url, { headers })).status).toBe(401);
    expect(server.headers).toEqual(["Bearer x"]);
  });
});

test("a body that can be sent only once is not sent twice", async () => {
  for (const qop of ["auth", "auth-int"]) {
    await using server = await DigestServer.start({ qop });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    const once = async function* () {
      yield Buffer.from("once");
    };
    const post = async () => (await session.request("POST", server.url, { body: once() })).status;
    expect(await post()).toBe(401);
    await fetched(session, server.url);
    // Now it may be signed before it is sent, unless that means to read it first.
    expect(await post()).toBe(qop === "auth" ? 200 : 401);
  }
});

test("a cancel in either round ends the request", async () => {
  for (const round of [1, 2]) {
    let asked = 0;
    await using origin = await Origin.start((_, answer) => {
      if (++asked === round) return;
      answer.setHeader("www-authenticate", 'Digest realm="r", nonce="n", qop="auth"');
      answer.writeHead(401).end();
    });
    await using session = sessionWith(digestAuth("ada", "lovelace"));
    const task = createTask(() => session.get(origin.url));
    await until(() => asked >= round);
    task.cancel();
    await expect(task).rejects.toThrow(expect.objectContaining({ name: "CancelledError" }));
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  }
});

test("a cancel at every await point ends both rounds, and the next request is answered", async () => {
  const points = await cancelEverywhere(async () => {
    const challenge = 'Digest realm="r", nonce="n", qop="auth-int"';
    const transport = new MockTransport(async ({ headers, text }) => {
      await sleep(1);
      if (headers.has("authorization")) return { body: text };
      return { status: 401, headers: { "www-authenticate": challenge }, body: "who?" };
    });
    await using session = new ClientSession({ transport, middlewares: [digestAuth("ada", "x")] });
    const body = streamBody(async function* () {
      await sleep(1);
      yield "body";
    });
    try {
      expect(await fetched(session, "http://h/", body)).toBe("200 body");
    } finally {
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
      expect(await protect(() => fetched(session, "http://h/", body))).toBe("200 body");
    }
  });
  // Two answers, and three times the body: sent, signed, sent.
  expect(points).toBeGreaterThanOrEqual(5);
});

test("a cancel ends the wait for a body that is to be signed, and closes the body", async () => {
  await runVirtual(async () => {
    let closed = false;
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          closed = true;
          return { done: true, value: undefined } as const;
        },
      }),
    };
    const task = createTask(() => digestOfBody("md5", body));
    await sleep(1);
    task.cancel();
    await expect(Promise.resolve(task)).rejects.toMatchObject({ name: "CancelledError" });
    expect(closed).toBe(true);
  });
});

test.each([
  [["ada", 1], "Expected `password` to be a string"],
  [
    ["ada", "x", { preemptive: 1 }],
    "Expected `options.preemptive` to be true or false, got `1` (number)",
  ],
  [["ada", "x", { mutual: "y" }], "Expected `options.mutual` to be true or false"],
  [
    ["ada", "x", { origins: ["here"] }],
    "Expected `options.origins` to be origins, such as `https://example.com`, got `'here'`",
  ],
])("wrong arguments are refused: %j", (args, message) => {
  expect(() => digestAuth(...(args as [string, string]))).toThrow(message);
});

describe.runIf(hasCurl)("curl", () => {
  // curl 7.88 takes SHA-256 for SHA-512-256, and knows no SHA-512.
  test.each(["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])(
    "is taken by the same server, and its answer is what is computed here: %s",
    async (algorithm) => {
      await using server = await DigestServer.start({
        algorithm,
        qop: "auth",
        userhash: algorithm === "SHA-256",
      });
      const args = ["-s", "--digest", "-u", "ada:lovelace", "-d", "", `${server.url}/a?b`];
      expect((await run("curl", args)).stdout).toBe("POST /a?b ");
      expect(server.verdicts).toEqual(["bare", "ok"]);
      const {
        nonce = "",
        cnonce = "",
        nc = "",
        uri = "",
        response,
      } = paramsOf(server.headers[1] ?? "");
      const key = digestKey(known(algorithm), "ada", server.realm, "lovelace", nonce, cnonce);
      const input = { method: "POST", uri, nonce, nc, cnonce, qop: "auth", bodyHash: "" } as const;
      expect(digestResponse(known(algorithm).hash, key, input)).toBe(response);
    },
  );
});
