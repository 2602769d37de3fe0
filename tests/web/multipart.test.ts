/*
 * Multipart bodies: parts, limits, broken ones, however they are cut into pieces.
 */
import { createTask, sleep, wait } from "ambit";
import { runVirtual } from "ambit/testing";
import { BadRequest, type Part, PayloadTooLarge, UnsupportedMediaType } from "ambit/web";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";

const TYPE = 'multipart/form-data; boundary="b"';

interface Read {
  readonly name: string | null;
  readonly filename: string | null;
  readonly type: string;
  readonly body: string;
}

function multipart(body: FakeInit["body"], type = TYPE, more: FakeInit = {}) {
  return fakeRequest({ ...more, headers: { "content-type": type }, body: body ?? "" });
}

async function read(body: FakeInit["body"], type = TYPE): Promise<Read[]> {
  const all: Read[] = [];
  for await (const part of multipart(body, type).parts()) {
    const { name, rawFilename: filename } = part;
    const bytes = (await part.bytes()) as Buffer;
    all.push({ name, filename, type: part.type, body: bytes.toString("latin1") });
  }
  return all;
}

function field(name: string, body: string): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}\r\n`;
}

const run = (body: () => Promise<void>): Promise<void> => runVirtual(body);

describe("a multipart body", () => {
  test("is read part by part", () =>
    run(async () => {
      const body = `${field("a", "1")}--b\r\ncontent-disposition:form-data;name=f; filename="x y.png"\r\nContent-Type: image/png\r\n\r\n\r\n-\0-\r\n\r\n--b--\r\n`;
      expect(await read(body)).toEqual([
        { name: "a", filename: null, type: "text/plain", body: "1" },
        { name: "f", filename: "x y.png", type: "image/png", body: "\r\n-\0-\r\n" },
      ]);
    }));

  test("may have no part, no part with a body, a preamble and an epilogue", () =>
    run(async () => {
      expect(await read("--b--")).toEqual([]);
      expect(await read("--b--\r\n")).toEqual([]);
      expect((await read(`${field("a", "")}--b--`))[0]?.body).toBe("");
      expect((await read("--b\r\n\r\nplain\r\n--b--"))[0]).toEqual({
        name: null,
        filename: null,
        type: "text/plain",
        body: "plain",
      });
      const around = `to whom it\r\n--B\r\n-- b\r\nmay concern\r\n${field("a", "1")}--b--\r\nyours\r\n--b\r\n`;
      expect(await read(around)).toHaveLength(1);
    }));

  test("may have blanks behind its boundaries (RFC 2046, section 5.1.1)", () =>
    run(async () => {
      const body = field("a", "1").replace("--b\r\n", "--b \t \r\n");
      expect((await read(`${body}--b--`))[0]?.body).toBe("1");
    }));

  test("keeps what looks like a boundary, and is none", () =>
    run(async () => {
      for (const text of [
        "\r\n",
        "\r",
        "\n--b",
        "--b",
        "\r\n--",
        "\r\n-b",
        "\r\r\n--a",
        "x\r\n--\r\nb",
        "\r\n--B\r\n",
      ])
        expect((await read(`${field("a", text)}--b--`))[0]?.body).toBe(text);
    }));

  test("gives the same in whatever pieces it comes", () =>
    run(async () => {
      const body =
        `pre\r\n--b \r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--\r\n-\r\n--b\r\nContent-Disposition: form-data; name="é"; filename="ü.txt"\r\nContent-Type: text/x\r\n\r\n\r\r\n--b-\r\n--b--epi`.replace(
          "\r\n--b-\r",
          "\r\n--c-\r",
        );
      const bytes = Buffer.from(body);
      const whole = await read(bytes);
      expect(whole).toHaveLength(2);
      for (let at = 1; at < bytes.length; at++)
        expect(await read([bytes.subarray(0, at), bytes.subarray(at)]), `at ${at}`).toEqual(whole);
      expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
    }));

  test("gives back what was put in, in any pieces (property)", () =>
    run(() => {
      const alphabet = fc.constantFrom("\r", "\n", "-", "b", "\r\n", "\r\n--", "x", "\0", "ÿ");
      const text = fc.array(alphabet, { maxLength: 20 }).map((parts) => parts.join(""));
      const safe = text.filter((body) => !`\r\n${body}`.includes("\r\n--b"));
      return fc.assert(
        fc.asyncProperty(
          fc.array(safe, { maxLength: 4 }),
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
          async (bodies, sizes) => {
            const bytes = Buffer.from(
              `${bodies.map((body) => field("n", body)).join("")}--b--`,
              "latin1",
            );
            const pieces: Buffer[] = [];
            for (let at = 0, turn = 0; at < bytes.length; turn++) {
              const size = sizes[turn % sizes.length] as number;
              pieces.push(bytes.subarray(at, at + size));
              at += size;
            }
            expect((await read(pieces)).map(({ body }) => body)).toEqual(bodies);
          },
        ),
        { numRuns: 100 },
      );
    }));

  test.each([
    ["nothing", ""],
    ["no boundary", "hello"],
    ["a bare line feed", field("a", "1").replaceAll("\r\n", "\n")],
    ["no last boundary", field("a", "1")],
    ["half a last boundary", `${field("a", "1")}--b-`],
    ["an end in the middle of a head", "--b\r\nContent-Disposition: form"],
    ["something behind a boundary", `--bx\r\n\r\n1\r\n--b--`],
    ["a dash behind a boundary", `--b-x\r\n\r\n1\r\n--b--`],
    ["blanks before the last dashes", `${field("a", "1")}--b --`],
    ["a line that is no header", "--b\r\nrubbish\r\n\r\n1\r\n--b--"],
    ["a folded header", "--b\r\nA: b\r\n c\r\n\r\n1\r\n--b--"],
    ["a header with a bare line feed", "--b\r\nA: b\nC: d\r\n\r\n1\r\n--b--"],
    ["blanks before a colon", "--b\r\nA : b\r\n\r\n1\r\n--b--"],
    ["a null byte in its head", "--b\r\nA: \0\r\n\r\n1\r\n--b--"],
    [
      "two dispositions",
      field("a", "1").replace("\r\n\r\n", '\r\nContent-Disposition: form-data; name="z"\r\n\r\n') +
        "--b--",
    ],
    ["two names", `${field('a"; name="z', "1")}--b--`],
    ["a disposition that can't be read", `${field('a" x"', "1")}--b--`],
    ["an unclosed quote", `--b\r\nContent-Disposition: form-data; name="a\r\n\r\n1\r\n--b--`],
    ["parts in parts", "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n1\r\n--b--"],
  ])("with %s is refused", (_, body) =>
    run(async () => {
      await expect(read(body)).rejects.toThrow(BadRequest);
      await expect(read([...Buffer.from(body)].map((byte) => Uint8Array.of(byte)))).rejects.toThrow(
        BadRequest,
      );
    }),
  );

  test("with a transfer encoding is refused (RFC 7578, section 4.7)", () =>
    run(async () => {
      const head = (coding: string) =>
        `--b\r\nContent-Transfer-Encoding: ${coding}\r\n\r\n1\r\n--b--`;
      await expect(read(head("base64"))).rejects.toThrow(UnsupportedMediaType);
      expect(await read(head("8BIT"))).toHaveLength(1);
    }));

  test("wants one boundary that could be one", () =>
    run(async () => {
      for (const type of [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=a; boundary=b",
        `multipart/form-data; boundary=${"x".repeat(71)}`,
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=a<b",
      ])
        await expect(read("--b--", type), type).rejects.toThrow(BadRequest);
      for (const type of ["text/plain; boundary=b", "multipartx/form-data; boundary=b"])
        await expect(read("--b--", type), type).rejects.toThrow(UnsupportedMediaType);
      const long = "x".repeat(70);
      expect(await read(`--${long}--`, `Multipart/Mixed ;Boundary=${long}; charset=utf-8`)).toEqual(
        [],
      );
      expect(await read(`--a b:c--`, 'multipart/form-data; boundary="a b:c"')).toEqual([]);
    }));
});

describe("a part's names", () => {
  const named = async (parameters: string): Promise<Read> => {
    const [part] = await read(
      `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n\r\n--b--`,
    );
    return part as Read;
  };

  test("are read as browsers and older clients write them", () =>
    run(async () => {
      expect(await named('name="a%22b%0D%0Ac"; filename="50% off%.txt"')).toMatchObject({
        name: 'a"b\r\nc',
        filename: "50% off%.txt",
      });
      expect((await named('name="a\\"b"')).name).toBe('a"b');
      expect((await named('name="a;b=c"; x="; name=no"')).name).toBe("a;b=c");
      expect((await named('name="f"; filename="C:\\dir\\x.txt"')).filename).toBe("C:\\dir\\x.txt");
      expect((await named("NAME=a ; FileName = b.txt ;")).filename).toBe("b.txt");
      expect((await named('name=""; filename=""')).filename).toBe("");
    }));

  test("of the extended form count only where there is no other (RFC 7578, section 4.2)", () =>
    run(async () => {
      expect((await named("name=a; filename*=UTF-8''%e2%82%ac.txt")).filename).toBe("€.txt");
      expect((await named("name=a; filename*=utf-8''x; filename=y")).filename).toBe("y");
      expect((await named("name=a; filename*=latin1''x")).filename).toBe(null);
      expect((await named("name=a; filename*=utf-8''%e2")).filename).toBe(null);
    }));

  test("are those of a form's field alone", () =>
    run(async () => {
      const body =
        '--b\r\nContent-Disposition: attachment; name="a"; filename="x"\r\n\r\n\r\n--b--';
      expect((await read(body))[0]).toMatchObject({ name: null, filename: null });
    }));
});

describe("the limits of a multipart body", () => {
  test("hold for the number of parts, their heads, fields and files", () =>
    run(async () => {
      const consume = async (body: string, options: object): Promise<number> => {
        let count = 0;
        for await (const part of multipart(body).parts(options)) {
          await part.bytes();
          count++;
        }
        return count;
      };
      const two = `${field("a", "12345")}${field("f", "123456").replace('"f"', '"f"; filename="x"')}--b--`;
      expect(await consume(two, { parts: 2, fieldSize: 5, fileSize: 6 })).toBe(2);
      await expect(consume(two, { parts: 1 })).rejects.toThrow("more than 1 parts");
      await expect(consume(two, { fieldSize: 4 })).rejects.toThrow(
        "the field a is larger than 4 bytes",
      );
      await expect(consume(two, { fileSize: 5 })).rejects.toThrow(
        "the file f is larger than 5 bytes",
      );
      const head = `--b\r\nA: ${"x".repeat(61)}\r\n\r\n\r\n--b--`;
      expect(await consume(head, { headSize: 66 })).toBe(1);
      await expect(consume(head, { headSize: 65 })).rejects.toThrow(PayloadTooLarge);
      await expect(consume(`--b\r\n${"x".repeat(10_000)}`, {})).rejects.toThrow(PayloadTooLarge);
    }));

  test("are checked", () => {
    const request = multipart("--b--");
    expect(() => request.parts({ parts: -1 })).toThrow(/Expected `options.parts`/);
    expect(() => request.parts({ headSize: 1 })).toThrow(/Expected `options.headSize`/);
    expect(() => request.parts({ folder: 7 as never })).toThrow(/Expected `options.folder`/);
  });
});

describe("parts that come slowly", () => {
  const pieces = [field("a", "12"), field("b", "34"), "--b--"];

  test("are there as soon as they have come, and hold the client back until they are read", () =>
    run(async () => {
      const request = multipart(pieces, TYPE, { pieceDelay: 100 });
      const { incoming } = request.exchange as FakeExchange;
      const parts = request.parts();
      const first = (await parts.next()).value as Part;
      expect([first.name, incoming?.reads]).toEqual(["a", 1]);
      await sleep(1000);
      expect(incoming?.reads).toBe(1);
      const second = (await parts.next()).value as Part;
      expect([second.name, incoming?.reads]).toEqual(["b", 2]);
      await parts.return();
      expect(incoming?.reads).toBe(2);
    }));

  test("that were not read are passed over, and can't be read later", () =>
    run(async () => {
      const parts = multipart(pieces).parts();
      const first = (await parts.next()).value as Part;
      await parts.next();
      await expect(first.read()).rejects.toThrow(
        "read of the part a when the next was asked for: read each in its turn",
      );
      expect((await parts.next()).done).toBe(true);
    }));

  test("lose nothing when a read is cancelled", () =>
    run(async () => {
      const body = field("a", "12") + field("b", "345");
      const bytes = [...Buffer.from(`${body}--b--`)].map((byte) => Uint8Array.of(byte));
      const parts = multipart(bytes, TYPE, { pieceDelay: 10 }).parts();
      const part = (await parts.next()).value as Part;
      let text = "";
      for (let end = false; !end;) {
        const reading = createTask(() => part.read());
        await sleep(5);
        reading.cancel();
        await wait([reading]);
        const piece = await part.read();
        if (piece === null) end = true;
        else text += Buffer.from(piece).toString();
      }
      expect(text).toBe("12");
    }));

  test("end with the client", () =>
    run(async () => {
      const parts = multipart([field("a", "12")], TYPE, { brokenOff: true }).parts();
      const part = (await parts.next()).value as Part;
      await expect(part.bytes()).rejects.toMatchObject({ code: "ECONNRESET" });
    }));
});
