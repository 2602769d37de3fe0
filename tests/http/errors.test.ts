/*
 * What goes wrong with a request, and what the errors say.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import { TimeoutError } from "ambit";
import * as http from "ambit/http";
import {
  BodyTooLargeError,
  CertificateError,
  ClientConnectionError,
  ClientError,
  ClientPayloadError,
  ClientResponse,
  ClientResponseError,
  ClientSession,
  ClientTimeoutError,
  ConnectionResetByServerError,
  ConnectorError,
  ContentDecodingError,
  ContentTypeError,
  DnsError,
  FingerprintMismatchError,
  InvalidUrlError,
  ProxyConnectionError,
  ProxyError,
  RedirectUrlError,
  RequestBodyError,
  ServerDisconnectedError,
  SessionClosedError,
  TlsError,
  TooManyRedirectsError,
  UnixSocketError,
  WebSocketClosedError,
  WebSocketHandshakeError,
} from "ambit/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closedPort, Origin, RawOrigin, until } from "./origin.ts";

type ErrorClass = { readonly name: string; readonly prototype: Error };

function byName(a: ErrorClass, b: ErrorClass): number {
  return a.name < b.name ? -1 : 1;
}

let session: ClientSession;
beforeAll(() => {
  session = new ClientSession();
});
afterAll(() => session.close());

/** The error of a request, and of reading its body if the head came. */
async function failure(url: string): Promise<ClientError> {
  const error = await session.get(url).then(
    (response) => response.bytes().catch((thrown: unknown) => thrown),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as ClientError;
}

/** What a server sends, byte for byte, before it ends the connection. */
function sends(text: string, end: "end" | "reset" = "end"): Promise<RawOrigin> {
  return RawOrigin.start((socket) => {
    socket.write(text, () => (end === "end" ? socket.end() : socket.resetAndDestroy()));
  });
}

describe("a connection", () => {
  test("that is refused", async () => {
    const url = await closedPort();
    const error = await failure(url);
    expect(error).toBeInstanceOf(ConnectorError);
    expect(error).toBeInstanceOf(ClientConnectionError);
    expect(error).toMatchObject({
      name: "ConnectorError",
      attempt: 1,
      message: `GET ${url}/: connection refused`,
      method: "GET",
      url: `${url}/`,
      code: "ECONNREFUSED",
      cause: { code: "ECONNREFUSED" },
    });
    await until(() => session.statistics().connections === 0);
  });

  test("that is refused by both addresses of a name", async () => {
    const url = (await closedPort()).replace("127.0.0.1", "localhost");
    expect(await failure(url)).toMatchObject({ message: `GET ${url}/: connection refused` });
  });

  test("to a host that there is none of", async () => {
    const error = await failure("http://no-such-host.invalid/");
    expect(error).toBeInstanceOf(DnsError);
    expect(error.message).toMatch(
      /^GET http:\/\/no-such-host\.invalid\/: (host not found|the host's name cannot be looked up now)(: no-such-host\.invalid)?$/,
    );
  });

  test("that the server resets before it answers", async () => {
    await using origin = await RawOrigin.start((socket) => socket.resetAndDestroy());
    const error = await failure(origin.url);
    expect(error).toBeInstanceOf(ConnectionResetByServerError);
    expect(error.message).toBe(`GET ${origin.url}/: connection reset by the server`);
  });

  test("that the server closes before it answers", async () => {
    await using origin = await RawOrigin.start((socket) => socket.end());
    const error = await failure(origin.url);
    expect(error).toBeInstanceOf(ServerDisconnectedError);
    expect(error.message).toBe(`GET ${origin.url}/: the server closed the connection`);
  });

  test("that the server closes in the middle of the head", async () => {
    await using origin = await sends("HTTP/1.1 200 OK\r\nContent-Ty");
    expect(await failure(origin.url)).toBeInstanceOf(ClientConnectionError);
  });

  test("to what does not speak HTTP", async () => {
    await using origin = await sends("220 mail.example ESMTP\r\n");
    const error = await failure(origin.url);
    expect(error).toBeInstanceOf(ClientConnectionError);
    expect(error.message).toBe(`GET ${origin.url}/: the answer is not HTTP`);
  });

  test("to what does not speak TLS", async () => {
    await using origin = await Origin.start();
    const error = await failure(origin.url.replace("http:", "https:"));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_SSL|EPROTO/) as unknown });
  });

  test("whose head is endless", async () => {
    await using origin = await sends(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`);
    expect((await failure(origin.url)).message).toContain("the head of the answer is too big");
  });
});

describe("a body", () => {
  test.each([
    ["that is cut short of its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "end"],
    ["that is reset", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "reset"],
    [
      "that is cut between chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "end",
    ],
    [
      "whose chunks are none",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
      "end",
    ],
  ] as const)("%s", async (_, text, end) => {
    await using origin = await sends(text, end);
    const error = await failure(origin.url);
    expect(error).toBeInstanceOf(ClientPayloadError);
    expect(error.name).toBe("ClientPayloadError");
    expect(error.message).toMatch(`GET ${origin.url}/: the body was cut after 3 bytes: `);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("that is cut gives the chunks that came, then fails", async () => {
    await using origin = await sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    const chunks: string[] = [];
    const work = (async () => {
      for await (const chunk of (await session.get(origin.url)).body) {
        chunks.push(Buffer.from(chunk).toString());
      }
    })();
    await expect(work).rejects.toBeInstanceOf(ClientPayloadError);
    expect(chunks).toEqual(["abc"]);
  });

  test("that is cut while nobody reads it fails when somebody does", async () => {
    await using origin = await sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    const response = await session.get(origin.url);
    await until(() => session.statistics().open === 0);
    await expect(response.text()).rejects.toBeInstanceOf(ClientPayloadError);
    expect(Buffer.from((await response.body.next()).value ?? []).toString()).toBe("abc");
    await expect(response.body.next()).rejects.toBeInstanceOf(ClientPayloadError);
  });

  test("without a length ends with the connection, and is whole", async () => {
    await using origin = await sends("HTTP/1.1 200 OK\r\n\r\nall there is");
    expect(await (await session.get(origin.url)).text()).toBe("all there is");
  });
});

describe("a URL", () => {
  test.each([
    ["flags/br.png", "flags/br.png: not a whole URL, and the session has no `baseUrl`"],
    ["http://", "http://: not a valid URL"],
    ["http://h:99999/", "http://h:99999/: not a valid URL"],
    ["ftp://host/file", "ftp://host/file: `ftp:` is not http: or https:"],
    ["http://me:secret@h:99999/?token=abc", "http://***@h:99999/?token=***: not a valid URL"],
  ])("%s is refused", async (url, message) => {
    const error = await failure(url);
    expect(error).toBeInstanceOf(InvalidUrlError);
    expect(error).toMatchObject({
      name: "InvalidUrlError",
      message: `GET ${message}`,
      method: "GET",
    });
    expect(inspect(error)).not.toContain("secret");
  });

  test("shows no secrets in any error", async () => {
    const url = `${await closedPort()}/path?page=2&api_key=SECRET&access_token=SECRET&X-Amz-Signature=SECRET&name=x`;
    const error = await failure(url.replace("//", "//user:SECRET@"));
    expect(error.message).toContain(
      "/path?page=2&api_key=***&access_token=***&X-Amz-Signature=***&name=x: connection refused",
    );
    expect(inspect(error, { depth: 9 })).not.toContain("SECRET");
  });
});

describe("the classes", () => {
  const subject = { method: "GET", url: "http://me:SECRET@h/?token=SECRET", attempt: 2 };
  const text = "SECRET";
  const answer = new ClientResponse(
    { ...subject, status: 302, statusText: "Found", headers: { "set-cookie": `sid=${text}` } },
    { done: true, read: async () => null, readAll: async () => new Uint8Array(), release() {} },
  );
  /** Each class with its parent and an error of it. */
  const tree: readonly (readonly [ErrorClass, ErrorClass, Error])[] = [
    [ClientConnectionError, ClientError, new ClientConnectionError(subject, "words")],
    [ServerDisconnectedError, ClientConnectionError, new ServerDisconnectedError(subject, "words")],
    [
      ConnectionResetByServerError,
      ServerDisconnectedError,
      new ConnectionResetByServerError(subject, "words"),
    ],
    [ConnectorError, ClientConnectionError, new ConnectorError(subject, "words")],
    [DnsError, ConnectorError, new DnsError(subject, "words")],
    [ProxyConnectionError, ConnectorError, new ProxyConnectionError(subject, "words")],
    [UnixSocketError, ConnectorError, new UnixSocketError(subject, "words")],
    [TlsError, ConnectorError, new TlsError(subject, "words")],
    [CertificateError, TlsError, new CertificateError(subject, "words")],
    [
      FingerprintMismatchError,
      TlsError,
      new FingerprintMismatchError(subject, "host", ["AA"], "BB"),
    ],
    [ClientPayloadError, ClientError, new ClientPayloadError(subject, "words")],
    [ContentDecodingError, ClientPayloadError, new ContentDecodingError(subject, "words")],
    [BodyTooLargeError, ClientPayloadError, new BodyTooLargeError(subject, "words")],
    [ClientResponseError, ClientError, new ClientResponseError(subject, 404, "Not Found")],
    [
      ContentTypeError,
      ClientResponseError,
      new ContentTypeError(subject, 200, "OK", "text/html", "application/json"),
    ],
    [
      WebSocketHandshakeError,
      ClientResponseError,
      new WebSocketHandshakeError(subject, 200, "OK", new Headers({ "set-cookie": text })),
    ],
    [ProxyError, ClientResponseError, new ProxyError(subject, 407, "")],
    [TooManyRedirectsError, ClientResponseError, new TooManyRedirectsError(subject, [answer])],
    [ClientTimeoutError, TimeoutError, new ClientTimeoutError(subject, "total", 5)],
    [RequestBodyError, ClientError, new RequestBodyError(subject, "words", 5)],
    [WebSocketClosedError, ClientError, new WebSocketClosedError(subject, 1006, "", "words")],
    [InvalidUrlError, ClientError, new InvalidUrlError(subject, "words")],
    [RedirectUrlError, InvalidUrlError, new RedirectUrlError(subject, "words")],
    [SessionClosedError, ClientError, new SessionClosedError(subject, "words")],
  ];

  test("are all ClientErrors, and have their own names and what they are about", () => {
    for (const [ErrorKind, Parent, error] of tree) {
      expect(error).toBeInstanceOf(ClientError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(Parent);
      expect(Object.getPrototypeOf(ErrorKind)).toBe(Parent);
      expect(error.constructor).toBe(ErrorKind);
      expect(error).toMatchObject({
        name: ErrorKind.name,
        method: "GET",
        url: "http://***@h/?token=***",
        attempt: 2,
      });
      expect(error.message).toMatch(/^GET http:\/\/\*\*\*@h\/\?token=\*\*\*: /);
    }
  });

  test("show no secrets, however they are printed", () => {
    for (const [, , error] of tree) {
      const shown = [inspect(error, { depth: 9 }), String(error), error.stack];
      expect(shown.join()).not.toContain(text);
      expect(JSON.stringify(error)).not.toContain(text);
    }
  });

  test("are all exported, and none is forgotten here", () => {
    const exported = (Object.values(http) as unknown as ErrorClass[]).filter(
      (each) => (each.prototype as unknown) instanceof Error,
    );
    // Those of the tests' transports are no failures of requests.
    const kinds = exported.filter(({ name }) => name !== "MockError" && name !== "CassetteError");
    expect(kinds.sort(byName)).toEqual(
      [ClientError, ...tree.map(([ErrorKind]) => ErrorKind)].sort(byName),
    );
  });

  test("are told apart from what is none of them", () => {
    for (const other of [new Error("no"), new TimeoutError(), null, 5, {}]) {
      expect(other instanceof ClientError).toBe(false);
    }
    expect(new ClientTimeoutError(subject, "total", 5)).not.toBeInstanceOf(ClientPayloadError);
  });

  test.each([
    ["total", "timed out after 5 ms"],
    ["connect", "no connection after 5 ms"],
    ["socketConnect", "connecting took more than 5 ms"],
    ["socketRead", "nothing came for 5 ms"],
  ] as const)("tell what took too long: %s", (kind, words) => {
    const cause = new Error("why");
    const error = new ClientTimeoutError({ method: "GET", url: "http://h/" }, kind, 5, cause);
    expect(error).toMatchObject({ message: `GET http://h/: ${words}`, kind, deadlineMs: 5, cause });
    expect(error.attempt).toBe(1);
  });

  test("quote nothing of an answer that is not HTTP", async () => {
    await using origin = await sends("HTTP/1.1 200 OK\r\n@@@: x\r\nSet-Cookie: sid=SECRET\r\n\r\n");
    const error = await failure(origin.url);
    expect(error.message).toContain("the answer is not HTTP");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("SECRET");
  });

  test("have a stack that tells who waited", async () => {
    const url = await closedPort();
    async function whoWaits(): Promise<void> {
      await session.get(url);
    }
    const error = await whoWaits().catch((thrown: unknown) => thrown as Error);
    expect((error as Error).stack).toMatch(/at (async )?whoWaits \(/);
  });
});
