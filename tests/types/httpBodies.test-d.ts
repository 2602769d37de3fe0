/**
 * What the compiler must know about the bodies of requests. Checked by tests/project/types.test.ts;
 * never run.
 */
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import {
  ClientError,
  type ClientRequest,
  type ClientResponse,
  ClientSession,
  type FileBody,
  fileBody,
  Multipart,
  type NamedValues,
  type RequestBody,
  RequestBodyError,
  streamBody,
  type UploadProgress,
} from "ambit/http";
import { expectTypeOf, test } from "vitest";

declare const session: ClientSession;
declare const response: ClientResponse;
declare const request: ClientRequest;
declare const thrown: unknown;
declare const bytes: AsyncGenerator<Uint8Array>;
declare const lines: () => AsyncGenerator<string>;
declare const node: Readable;
declare const web: ReadableStream<Uint8Array>;

test("a body is any of the usual shapes", () => {
  expectTypeOf(session.post("/", { body: "text" })).toEqualTypeOf<Promise<ClientResponse>>();
  void session.post("/", { body: Buffer.from("bytes") });
  void session.post("/", { body: new ArrayBuffer(1) });
  void session.post("/", { body: new DataView(new ArrayBuffer(1)) });
  void session.post("/", { body: new Blob(["x"]) });
  void session.post("/", { body: new URLSearchParams() });
  void session.post("/", { body: new FormData() });
  void session.post("/", { body: bytes });
  void session.post("/", { body: lines });
  void session.post("/", { body: node });
  void session.post("/", { body: web });
  void session.post("/", { body: response.body });
  void session.post("/", { body: fileBody("x", { start: 1 }) });
  void session.post("/", { body: new Multipart().field("a", 1) });
  void session.post("/", { body: null });
  // @ts-expect-error: an object is sent as json or as a form
  void session.post("/", { body: { a: 1 } });
  // @ts-expect-error: nor is a number a body
  void session.post("/", { body: 5 });
});

test("json is anything, a form has values that can be written", () => {
  expectTypeOf(
    session.post("/", { json: { a: [1, null] } }),
  ).resolves.toEqualTypeOf<ClientResponse>();
  void session.post("/", { json: 1, jsonSerializer: (value: unknown) => String(value) });
  void session.post("/", { form: { a: "1", b: [1, true], c: undefined, d: 5n } });
  void session.post("/", { form: [["a", 1]] });
  void session.get("/", { params: { a: ["x", "y"] } });
  expectTypeOf<URLSearchParams>().toExtend<NamedValues>();
  expectTypeOf<Map<string, number>>().toExtend<NamedValues>();
  // @ts-expect-error: null has no agreed way to be written
  void session.post("/", { form: { a: null } });
  // @ts-expect-error: nor has a date
  void session.get("/", { params: { a: new Date() } });
});

test("how it is sent is typed", () => {
  void session.post("/", { body: "x", compress: "zstd" });
  // @ts-expect-error: Node has no such compression
  void session.post("/", { body: "x", compress: "lzma" });
  void session.post("/", {
    body: "x",
    onUpload: (progress) => expectTypeOf(progress).toEqualTypeOf<UploadProgress>(),
  });
  expectTypeOf<UploadProgress["total"]>().toEqualTypeOf<number | null>();
});

test("every kind is a RequestBody, which a middleware may replace", () => {
  expectTypeOf(fileBody("x")).toEqualTypeOf<FileBody>();
  expectTypeOf(fileBody("x")).toExtend<RequestBody>();
  expectTypeOf(streamBody(bytes, { length: 1 })).toEqualTypeOf<RequestBody>();
  expectTypeOf(new Multipart()).toExtend<RequestBody>();
  expectTypeOf(
    new Multipart().file("a", "b").part("c", lines).append("d"),
  ).toEqualTypeOf<Multipart>();
  request.body = streamBody(lines);
  request.body = { length: 1, contentType: null, replayable: true, open: () => "x" };
  // @ts-expect-error: an open body gives bytes
  request.body = { length: 1, contentType: null, replayable: true, open: lines };
});

test("a body's failure is a ClientError of its own", () => {
  expectTypeOf<RequestBodyError>().toExtend<ClientError>();
  if (thrown instanceof RequestBodyError) expectTypeOf(thrown.sent).toBeNumber();
});
