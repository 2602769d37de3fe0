/*
 * Multipart bodies, read back by WHATWG's own reader and, where that reads too kindly, byte by byte.
 *
 * Over real sockets, so in real time.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { sleep } from "ambit";
import { ClientSession, fileBody, Multipart, streamBody } from "ambit/http";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { parsedForm, type Received, Receiver } from "./receiver.ts";

let receiver: Receiver;
let folder: string;
beforeAll(async () => {
  receiver = await Receiver.start();
  folder = mkdtempSync(join(tmpdir(), "ambit-multipart-"));
  writeFileSync(join(folder, "flag.txt"), "bytes\r\nof --a flag");
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await receiver[Symbol.asyncDispose]();
});

const flag = (): string => join(folder, "flag.txt");

/** The body with a boundary that is known, as text. */
async function text(form: Multipart): Promise<string> {
  return String((await receiver.post({ body: form })).body);
}

describe("a FormData", () => {
  test("goes out as browsers write it", async () => {
    const form = new FormData();
    form.append('na"me\r\n', "line\none");
    form.append("file", new File(["content"], 'fi"le\n.txt', { type: "text/x" }));
    form.append("blob", new Blob(["b"]));
    const { headers, body } = await receiver.post({ body: form });
    const boundary = /^multipart\/form-data; boundary=(----ambit[\w-]{20})$/.exec(
      headers["content-type"] as string,
    )?.[1];
    expect(String(body)).toBe(
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="na%22me%0D%0A"',
        "",
        "line\r\none",
        `--${boundary}`,
        'Content-Disposition: form-data; name="file"; filename="fi%22le%0A.txt"',
        "Content-Type: text/x",
        "",
        "content",
        `--${boundary}`,
        'Content-Disposition: form-data; name="blob"; filename="blob"',
        "Content-Type: application/octet-stream",
        "",
        "b",
        `--${boundary}--`,
        "",
      ].join("\r\n"),
    );
    expect(headers["content-length"]).toBe(String(body.length));
  });

  test("is read back as it was by WHATWG's own reader, whatever it holds", async () => {
    await using session = new ClientSession();
    const words = fc.string({ unit: "grapheme", maxLength: 12 });
    const bytes = fc.uint8Array({ maxLength: 200 });
    const entry = fc.tuple(words, fc.oneof(words, fc.tuple(words, bytes)));
    // An empty form is one line; this reader of Node's wants at least a part.
    const forms = fc.array(entry, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(forms, async (entries) => {
        const form = new FormData();
        for (const [name, value] of entries) {
          if (typeof value === "string") form.append(name, value);
          else form.append(name, new File([new Uint8Array(value[1])], value[0]));
        }
        await (await session.post(receiver.url, { body: form })).bytes();
        const parsed = await parsedForm(receiver.received.at(-1) as Received);
        expect(await Promise.all(parsed.map(plain))).toEqual(
          entries.map(([name, value]) => [
            withCrLf(name),
            typeof value === "string" ? withCrLf(value) : value,
          ]),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("is not altered any more once the request is made, and can be sent again", async () => {
    const form = new FormData();
    form.append("a", "1");
    const sending = receiver.post({ body: form }, "/again");
    form.append("b", "2");
    expect(await parsedForm(await sending)).toEqual([["a", "1"]]);
  });
});

/** An entry of a form, a file as its name and bytes. */
async function plain([name, value]: [string, string | File]): Promise<unknown[]> {
  if (typeof value === "string") return [name, value];
  return [name, [value.name, new Uint8Array(await value.arrayBuffer())]];
}

function withCrLf(value: string): string {
  return value.replace(/\r\n|\r|\n/g, "\r\n");
}

describe("Multipart", () => {
  test("sends fields, files and parts in their order, with a known length", async () => {
    const form = new Multipart()
      .field("title", "Flags\nof all")
      .field("count", 2)
      .file("flag", flag())
      .file("part of it", flag(), { start: 2, end: 5, filename: "f", contentType: "text/f" })
      .part("blob", new File(["x"], "x.bin"))
      .part("note", "ü", { filename: "n.txt", headers: { "X-Kind": "note" } });
    expect(form.size).toBe(6);
    const received = await receiver.post({ body: form });
    expect(received.headers).toMatchObject({
      "content-type": form.contentType,
      "content-length": String(form.length),
    });
    expect(received.headers["transfer-encoding"]).toBeUndefined();
    const parsed = await parsedForm(received);
    const shown = await Promise.all(
      parsed.map(async ([name, value]) =>
        typeof value === "string"
          ? [name, value]
          : [name, value.name, value.type, await value.text()],
      ),
    );
    expect(shown).toEqual([
      ["title", "Flags\nof all"],
      ["count", "2"],
      ["flag", "flag.txt", "application/octet-stream", "bytes\r\nof --a flag"],
      ["part of it", "f", "text/f", "tes"],
      ["blob", "x.bin", "text/plain", "x"],
      ["note", "n.txt", expect.stringContaining("text/plain"), "ü"],
    ]);
    expect(String(received.body)).toContain("\r\nX-Kind: note\r\n");
  });

  test("of other kinds has parts without names, and parts of parts", async () => {
    const inner = new Multipart({ subtype: "alternative", boundary: "in" })
      .append("text")
      .append("<p>", { contentType: "text/html" });
    const outer = new Multipart({ subtype: "mixed", boundary: "out" })
      .append(inner)
      .append("raw", { filename: "raw.txt", headers: { "Content-Type": "a/b" } });
    expect(await text(outer)).toBe(
      [
        "--out",
        "Content-Type: multipart/alternative; boundary=in",
        "",
        "--in",
        "Content-Type: text/plain;charset=UTF-8",
        "",
        "text",
        "--in",
        "Content-Type: text/html",
        "",
        "<p>",
        "--in--",
        "",
        "--out",
        'Content-Disposition: attachment; filename="raw.txt"',
        "Content-Type: a/b",
        "",
        "raw",
        "--out--",
        "",
      ].join("\r\n"),
    );
    expect(receiver.received.at(-1)?.headers["content-length"]).toBe(String(outer.length));
  });

  test("lets a part have a content-disposition of its own, and quotes a boundary that needs it", async () => {
    const form = new Multipart({ boundary: "a b" }).part("x", "1", {
      contentType: "text/x",
      headers: { "content-disposition": 'form-data; name="y"' },
    });
    expect(form.contentType).toBe('multipart/form-data; boundary="a b"');
    expect(await text(form)).toBe(
      '--a b\r\nContent-Type: text/x\r\nContent-Disposition: form-data; name="y"\r\n\r\n1\r\n--a b--\r\n',
    );
  });

  test("has a boundary of its own each time, and none that is searched for in the contents", async () => {
    const boundaries = new Set(Array.from({ length: 50 }, () => new Multipart().boundary));
    expect(boundaries.size).toBe(50);
    expect(await text(new Multipart({ boundary: "b" }).field("f", "\r\n--b--"))).toContain(
      "--b--\r\n--b--",
    );
  });

  test("sends streams in chunks, one open at a time, and only once", async () => {
    const log: string[] = [];
    const source = (name: string) =>
      async function* (): AsyncGenerator<string> {
        log.push(`${name} begins`);
        yield await sleep(1, name);
        log.push(`${name} ends`);
      };
    const form = new Multipart()
      .part("a", source("a"))
      .part("b", source("b"))
      .part("c", Readable.from(["c"]));
    expect([form.length, form.replayable]).toEqual([null, false]);
    const received = await receiver.post({ body: form });
    expect(received.headers["transfer-encoding"]).toBe("chunked");
    expect(await parsedForm(received)).toEqual([
      ["a", "a"],
      ["b", "b"],
      ["c", "c"],
    ]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    expect(inspect(form)).toBe("<Multipart form-data parts=3 sent>");
    await expect(receiver.post({ body: form })).rejects.toThrow("it can be sent only once");
    expect(() => form.field("d", "d")).toThrow(
      "part on <Multipart form-data parts=3 sent>: it was sent already; make a new one",
    );
  });

  test("can be sent again if every part can", async () => {
    const form = new Multipart().file("f", flag()).part("s", () => Readable.from(["s"]));
    expect(form.replayable).toBe(true);
    const before = receiver.received.length;
    await receiver.post({ body: form }, "/again");
    const [first, second] = receiver.received.slice(before);
    expect(first?.body.length).toBeGreaterThan(0);
    expect(second?.body.equals(first?.body as Buffer)).toBe(true);
  });

  test("fails when a part is not as long as it said, whatever the others are", async () => {
    const form = new Multipart()
      .part(
        "short",
        streamBody(() => Readable.from(["ab"]), { length: 3 }),
      )
      .part(
        "long",
        streamBody(() => Readable.from(["abcd"]), { length: 3 }),
      );
    await expect(receiver.post({ body: form })).rejects.toThrow(
      "its body ended after 2 of 3 bytes",
    );
    const own = { length: 3, contentType: null, replayable: true, open: () => "ab" };
    await expect(receiver.post({ body: new Multipart().part("own", own) })).rejects.toThrow(
      "a part of its body ended after 2 of 3 bytes",
    );
  });

  test("closes the streams whose turn did not come when it is given up", async () => {
    const [never, after] = [new Readable({ read: () => undefined }), Readable.from(["x"])];
    const form = new Multipart().part("never", never).part("after", after);
    const controller = new AbortController();
    const bytes = receiver.bytes;
    const work = receiver.post({ body: form, signal: controller.signal });
    const end = work.catch((error: Error) => error.name);
    await until(() => receiver.bytes > bytes);
    controller.abort();
    expect(await end).toBe("AbortError");
    await until(() => never.destroyed && after.destroyed);
  });

  test("refuses what is no name, part, boundary or header", () => {
    const form = new Multipart();
    const refused: [() => unknown, string][] = [
      [
        () => form.field("a", {} as string),
        "Expected `field a` to be a string, a number or a boolean (use `part` for others), got `{}`",
      ],
      [
        () => form.part(1 as unknown as string, "x"),
        "Expected `name` to be a string, got `1` (number)",
      ],
      [
        () => form.part("a", 5 as unknown as string),
        "Expected `content` to be text, bytes, a Blob",
      ],
      [
        () => form.part("a", "x", { filename: 1 as unknown as string }),
        "Expected `options.filename` to be a string",
      ],
      [
        () => form.part("a", "x", { contentType: "a\r\nb: c" }),
        "Expected `options.contentType` to have a string of visible Latin-1",
      ],
      [
        () => form.part("a", "x", { headers: { "a b": "c" } }),
        "Expected `options.headers` to be headers whose names are tokens",
      ],
      [() => form.part("a", form), "Expected `content` to be another body, got itself"],
      [
        () => form.append("x"),
        "Expected `options.subtype` to be other than form-data: give the part a name (`part`)",
      ],
      [() => form.file("a", join(folder, "none")), "ENOENT"],
      [
        () => new Multipart({ boundary: "a\r\n" }),
        "Expected `options.boundary` to be 1 to 70 letters, digits",
      ],
      [() => new Multipart({ boundary: "a ".repeat(3) }), "no space at the end"],
      [
        () => new Multipart({ subtype: "a b" }),
        "Expected `options.subtype` to be a token such as `mixed`",
      ],
    ];
    for (const [attempt, words] of refused) expect(attempt).toThrow(words);
    expect(form.size).toBe(0);
  });
});

test("a file of a form is read while it is sent", async () => {
  const big = join(folder, "big");
  writeFileSync(big, Buffer.alloc(1_000_000, "abc"));
  const body = new Multipart().part("big", fileBody(big), { filename: "big" });
  const received = await receiver.post({ body });
  const [, file] = (await parsedForm(received))[0] as [string, File];
  expect(file.size).toBe(1_000_000);
});
