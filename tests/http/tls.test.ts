/*
 * Connections over TLS: what is trusted, what is pinned, what goes wrong.
 *
 * Over real sockets, so in real time.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import {
  CertificateError,
  ClientSession,
  type ConnectorOptions,
  FingerprintMismatchError,
  type Lookup,
  TlsError,
} from "ambit/http";
import { describe, expect, test } from "vitest";
import { identity, trust } from "../streams/peers.ts";
import { RawOrigin, until } from "./origin.ts";
import { SecureOrigin } from "./secureOrigin.ts";

const FOLDER = join(import.meta.dirname, "certificate");
const identityOf = (name: string): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(join(FOLDER, `${name}.pem`)),
  key: readFileSync(join(FOLDER, `${name}.key`)),
});
const expired = identityOf("expired");
const alone = identityOf("alone");
const PIN = new X509Certificate(identity.cert).fingerprint256;
const OTHER = PIN.replace(/^../, PIN.startsWith("00") ? "11" : "00");

/** Every name is this machine. */
const here: Lookup = (_, __, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]);

async function failure(url: string, connector: ConnectorOptions): Promise<Error> {
  await using session = new ClientSession({ connector });
  const error: unknown = await session.get(url).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  expect(session.statistics()).toMatchObject({ open: 0, hosts: {} });
  await until(() => session.statistics().connections === 0);
  return error as Error;
}

describe("a certificate", () => {
  test("of a trusted authority is accepted", async () => {
    await using origin = await SecureOrigin.start();
    await using session = new ClientSession({ connector: { tls: trust } });
    const response = await session.get(`${origin.url}/secure`);
    expect(await response.text()).toBe("hello /secure");
    expect(origin.seen).toEqual(["1.1 GET /secure"]);
    expect(origin.names).toEqual(["localhost"]);
  });

  test("for an address is accepted, and no address is sent as a name", async () => {
    await using origin = await SecureOrigin.start();
    await using session = new ClientSession({ connector: { tls: trust } });
    expect((await session.get(`https://127.0.0.1:${origin.port}/`)).status).toBe(200);
    expect(origin.names).toEqual([false]);
  });

  test("of an unknown authority is refused", async () => {
    await using origin = await SecureOrigin.start();
    const error = await failure(origin.url, {});
    expect(error).toBeInstanceOf(CertificateError);
    expect(error.message).toBe(
      `GET ${origin.url}/: the authority that signed its certificate is not known`,
    );
    expect(origin.seen).toEqual([]);
  });

  test("for another host is refused, with the hosts it is for", async () => {
    await using origin = await SecureOrigin.start();
    const url = `https://other.test:${origin.port}`;
    const error = await failure(url, { tls: trust, lookup: here });
    expect(error).toBeInstanceOf(CertificateError);
    expect(error.message).toContain("its certificate is for another host: ");
    expect(error.message).toContain("localhost");
  });

  test("for the name that was set is accepted for another host, which is told that name", async () => {
    await using origin = await SecureOrigin.start();
    const tls = { ...trust, servername: "localhost" };
    await using session = new ClientSession({ connector: { tls, lookup: here } });
    expect((await session.get(`https://other.test:${origin.port}/`)).status).toBe(200);
    expect(origin.names).toEqual(["localhost"]);
  });

  test("that has expired is refused", async () => {
    await using origin = await SecureOrigin.start(undefined, expired);
    const error = await failure(origin.url, { tls: { ca: expired.cert } });
    expect(error).toBeInstanceOf(CertificateError);
    expect(error.message).toContain("its certificate has expired");
  });

  test("that is signed by itself is refused", async () => {
    await using origin = await SecureOrigin.start(undefined, alone);
    const error = await failure(origin.url, { tls: trust });
    expect(error).toBeInstanceOf(CertificateError);
    expect(error.message).toContain("its certificate is signed by itself");
  });

  test("is not asked for with `rejectUnauthorized: false`", async () => {
    await using origin = await SecureOrigin.start(undefined, expired);
    await using session = new ClientSession({ connector: { tls: { rejectUnauthorized: false } } });
    expect((await session.get(origin.url)).status).toBe(200);
  });

  test("of the client is shown to a server that asks", async () => {
    // With TLS 1.3 the client's side of the handshake is over when the server has seen nothing yet.
    const asking = { requestCert: true, ...trust, maxVersion: "TLSv1.2" as const };
    await using origin = await SecureOrigin.start(undefined, asking);
    await using session = new ClientSession({ connector: { tls: { ...trust, ...identity } } });
    expect((await session.get(origin.url)).status).toBe(200);
    const error = await failure(origin.url, { tls: trust });
    expect(error).toBeInstanceOf(TlsError);
    expect(error).not.toBeInstanceOf(CertificateError);
  });
});

describe("a fingerprint", () => {
  test.each([
    ["with colons", PIN],
    ["without, in small letters", PIN.replaceAll(":", "").toLowerCase()],
    ["as bytes", new Uint8Array(Buffer.from(PIN.replaceAll(":", ""), "hex"))],
    ["as one of several", [OTHER, PIN]],
  ])("%s accepts its certificate, whoever signed it", async (_, fingerprint) => {
    await using origin = await SecureOrigin.start();
    await using session = new ClientSession({ connector: { tls: { fingerprint } } });
    expect((await session.get(origin.url)).status).toBe(200);
    (await session.get(origin.url)).release();
  });

  test("of another certificate sends not a byte of the request, and tells both", async () => {
    let received = 0;
    const server = createTlsServer(identity, (socket) => {
      socket.on("data", (bytes) => (received += bytes.length));
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const url = `https://localhost:${port}`;
    const error = await failure(url, { tls: { ...trust, fingerprint: OTHER } });
    expect(error).toBeInstanceOf(FingerprintMismatchError);
    expect(error).toMatchObject({ host: "localhost", expected: [OTHER], actual: PIN });
    expect(error.message).toContain(`expected ${OTHER}, got ${PIN}`);
    await new Promise((resolve) => server.close(resolve));
    expect(received).toBe(0);
  });

  test("does not do without a trusted authority where both are asked for", async () => {
    await using origin = await SecureOrigin.start();
    const tls = { fingerprint: PIN, rejectUnauthorized: true };
    expect(await failure(origin.url, { tls })).toBeInstanceOf(CertificateError);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "is checked on every connection, so none resumes a session, with %s",
    async (version) => {
      const versions = { minVersion: version, maxVersion: version };
      await using origin = await SecureOrigin.start(undefined, versions);
      const connector = { tls: { fingerprint: PIN }, forceClose: true };
      await using session = new ClientSession({ connector });
      for (let i = 0; i < 3; i++) await (await session.get(origin.url)).text();
      expect([origin.connections, origin.resumed]).toEqual([3, 0]);
    },
  );
});

describe("a TLS session", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("is resumed, with %s", async (version) => {
    const versions = { minVersion: version, maxVersion: version };
    await using origin = await SecureOrigin.start(undefined, versions);
    await using session = new ClientSession({ connector: { tls: trust, forceClose: true } });
    for (let i = 0; i < 3; i++) await (await session.get(origin.url)).text();
    expect([origin.connections, origin.resumed]).toEqual([3, 2]);
  });
});

describe("TLS", () => {
  test("that the server does not speak is said in words", async () => {
    await using origin = await RawOrigin.accept((socket) => socket.end("HTTP/1.1 400 No\r\n\r\n"));
    const error = await failure(origin.url.replace("http:", "https:"), {});
    expect(error).toBeInstanceOf(TlsError);
    expect(error.message).toContain("the server does not speak TLS");
  });

  test("that is cut in its handshake is said in words", async () => {
    await using origin = await RawOrigin.start((socket) => socket.resetAndDestroy());
    const error = await failure(origin.url.replace("http:", "https:"), {});
    expect(error).toBeInstanceOf(TlsError);
    expect(error.message).toContain("the server closed the connection in the TLS handshake");
  });

  test.each([
    [{ cert: "no certificate" }, RangeError, "options.connector.tls"],
    [{ key: 1 }, TypeError, "options.connector.tls"],
    [{ fingerprint: "AB" }, RangeError, "options.connector.tls.fingerprint"],
    [{ fingerprint: [] }, RangeError, "options.connector.tls.fingerprint"],
    [{ fingerprint: [PIN, 1] }, TypeError, "options.connector.tls.fingerprint[1]"],
    [{ rejectUnauthorized: "no" }, TypeError, "options.connector.tls.rejectUnauthorized"],
    [{ servername: 1 }, TypeError, "options.connector.tls.servername"],
    [7, TypeError, "options.connector.tls"],
  ] as const)("refuses %o", (tls, type, words) => {
    const make = (): unknown => new ClientSession({ connector: { tls: tls as never } });
    expect(make).toThrow(type);
    expect(make).toThrow(words);
  });
});
