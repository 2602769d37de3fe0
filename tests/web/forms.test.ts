/**
 * Forms. Uploads meet real files: their folders are of this file alone.
 */
import { createTask, run, sleep, type Task, wait } from "ambit";
import { runVirtual } from "ambit/testing";
import {
  BadRequest,
  Form,
  PayloadTooLarge,
  safeFilename,
  type ServerRequest,
  UnsupportedMediaType,
  type Upload,
  ValidationError,
} from "ambit/web";
import * as fc from "fast-check";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeInit, fakeRequest } from "./fakeExchange.ts";

const URLENCODED = "application/x-www-form-urlencoded";
const ROOT = mkdtempSync(join(tmpdir(), "ambit-forms-"));
let folder = "";
let folders = 0;

beforeEach(() => {
  folder = join(ROOT, String(folders++));
  mkdirSync(folder);
});
afterAll(() => rmSync(ROOT, { recursive: true }));

function urlencoded(body: string, type = URLENCODED): ServerRequest {
  return fakeRequest({ headers: { "content-type": type }, body: Buffer.from(body, "latin1") });
}

async function entries(body: string): Promise<[string, string][]> {
  return [...(await urlencoded(body).form())] as [string, string][];
}

function multipart(
  parts: readonly (readonly [string, string | Buffer, string?])[],
  more: FakeInit = {},
) {
  const pieces = parts.flatMap(([name, body, filename]) => [
    `--b\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: text/x`}\r\n\r\n`,
    body,
    "\r\n",
  ]);
  return fakeRequest({
    headers: { "content-type": "multipart/form-data; boundary=b" },
    body: [...pieces, "--b--"],
    ...more,
  });
}

/** In a task of the request's own, as the application has it. */
async function inTask<T>(request: ServerRequest, body: () => Promise<T>): Promise<T> {
  const task: Task<T> = createTask(() => {
    request.ownTask = task;
    return body();
  });
  return await task;
}

/** What the system does behind a task's end. */
async function settled(): Promise<string[]> {
  for (let tries = 0; tries < 100 && readdirSync(folder).length > 0; tries++) await sleep(2);
  return readdirSync(folder);
}

describe("an urlencoded form", () => {
  test("is read as the WHATWG's URLSearchParams reads it", () =>
    runVirtual(async () => {
      for (const body of [
        "",
        "a=1&b=2",
        "&&a&=b&=&c==d=&",
        "a+b=c+d%20e%2Bf",
        "%=%zz&%4=%41%",
        "e=%E2%82%AC&l=%FF%C3&m=%C3%28",
        "utf8=\xe2\x82\xac&mixed=\xe2%82\xac",
        "%EF%BB%BFbom=1",
        "a=1;b=2",
      ])
        expect(await entries(body), body).toEqual([...new URLSearchParams(decodedFirst(body))]);
    }));

  /** URLSearchParams takes text, where a form is bytes. */
  function decodedFirst(body: string): string {
    return body.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  }

  test("is read as URLSearchParams reads it, whatever it is (property)", () =>
    runVirtual(() => {
      const piece = fc.constantFrom(
        "&",
        "=",
        "+",
        "%",
        "%4",
        "%41",
        "%e2",
        "%82",
        "\xe2",
        "\x82",
        "a",
        "\0",
      );
      return fc.assert(
        fc.asyncProperty(fc.array(piece), async (pieces) => {
          const body = pieces.join("");
          // What follows a lone `%` must stay behind it.
          if (/%[0-9a-f]?[\x80-\xff]/i.test(body)) return;
          expect(await entries(body)).toEqual([
            ...new URLSearchParams(decodedFirst(body).replace(/^\?/, "%3f")),
          ]);
        }),
      );
    }));

  test("has limits for the number of its fields and their size", () =>
    runVirtual(async () => {
      const form = (body: string, options = {}) => urlencoded(body).form(options);
      expect((await form("a&".repeat(1000))).size).toBe(1000);
      await expect(form("a&".repeat(1001))).rejects.toThrow("the form has more than 1000 fields");
      expect((await form("a=%41%41", { fieldSize: 2 })).get("a")).toBe("AA");
      await expect(form("a=%41%41", { fieldSize: 1 })).rejects.toThrow(PayloadTooLarge);
      await expect(form("a=%C3%A9", { fieldSize: 1 })).rejects.toThrow(
        "the field a of the form is larger than 1 bytes",
      );
      await expect(form("", { parts: NaN })).rejects.toThrow(/Expected `options.parts`/);
    }));

  test("is read once, and given again", () =>
    runVirtual(async () => {
      const request = urlencoded("a=1");
      expect(await request.form()).toBe(await request.form());
      expect(await request.text()).toBe("a=1");
    }));
});

test("a body that is no form is refused", () =>
  runVirtual(async () => {
    for (const type of ["application/json", "multipart/mixed; boundary=b", ""])
      await expect(urlencoded("{}", type).form()).rejects.toThrow(UnsupportedMediaType);
    await expect(fakeRequest({ body: "a=1" }).form()).rejects.toThrow(
      "the body is no form, but of no type",
    );
  }));

describe("a form's fields", () => {
  const form = new Form([
    ["name", "Zoë"],
    ["tag", "a"],
    ["tag", "b"],
    ["empty", "  "],
    ["n", " 41 "],
    ["x", "1.5e3"],
    ["big", "9007199254740993"],
    ["yes", "on"],
    ["no", "FALSE"],
    ["day", "2024-02-29"],
    ["moment", "2024-02-29T12:30"],
    ["zoned", "2024-02-29T12:30:01.5+02:00"],
    ["none", "2023-02-29"],
  ]);

  test("are found by name, in their order", () => {
    expect(form.get("tag")).toBe("a");
    expect(form.getAll("tag")).toEqual(["a", "b"]);
    expect([form.get("?"), form.getAll("?"), form.file("tag"), form.files()]).toEqual([
      null,
      [],
      null,
      [],
    ]);
    expect([form.has("tag"), form.has("?"), form.size]).toEqual([true, false, 13]);
    expect(form.names().slice(0, 3)).toEqual(["name", "tag", "empty"]);
    expect(form.toObject()).toMatchObject({ name: "Zoë", tag: ["a", "b"] });
    expect(inspect(new Form([["pin", "1234"]]))).toBe("Form { pin }");
    expect(Object.hasOwn(new Form([["__proto__", "x"]]).toObject(), "__proto__")).toBe(true);
  });

  test("are read as what they should be", () => {
    expect(form.text("name")).toBe("Zoë");
    expect([form.integer("n"), form.number("n"), form.number("x")]).toEqual([41, 41, 1500]);
    expect([form.boolean("yes"), form.boolean("no")]).toEqual([true, false]);
    expect(form.date("day").toISOString()).toBe("2024-02-29T00:00:00.000Z");
    expect(form.date("moment").toISOString()).toBe("2024-02-29T12:30:00.000Z");
    expect(form.date("zoned").toISOString()).toBe("2024-02-29T10:30:01.500Z");
  });

  test("may be missing, where something else will do", () => {
    expect([form.text("?", "x"), form.text("empty", "x")]).toEqual(["x", "  "]);
    expect([form.integer("empty", 7), form.number("?", 0), form.boolean("?", false)]).toEqual([
      7,
      0,
      false,
    ]);
    expect(form.date("?", new Date(0)).getTime()).toBe(0);
  });

  test("that are wrong are a 422 with their name", () => {
    const wrong: [() => unknown, string][] = [
      [() => form.text("?"), "form.?: is missing"],
      [() => form.integer("empty"), "form.empty: is missing"],
      [() => form.integer("x"), "form.x: is no whole number"],
      [() => form.integer("big"), "form.big: is no whole number"],
      [() => form.number("name"), "form.name: is no number"],
      [() => form.number("day"), "form.day: is no number"],
      [() => form.boolean("n"), "form.n: is neither yes nor no"],
      [() => form.date("none"), "form.none: is no date"],
      [() => form.date("n"), "form.n: is no date"],
    ];
    for (const [ask, message] of wrong) {
      expect(ask).toThrow(ValidationError);
      expect(ask).toThrow(message);
    }
  });
});

describe("an upload", () => {
  const large = Buffer.alloc(70_000, "0123456789abcdef");

  test("is found by name, with a safe name of its own; an empty field for a file is none", () =>
    runVirtual(async () => {
      const request = multipart([
        ["a", "1"],
        ["f", "hello", "../../x.txt"],
        ["f", "", "empty.txt"],
        ["g", "", ""],
      ]);
      const form = await request.form();
      expect(form.names()).toEqual(["a", "f"]);
      const upload = form.file("f") as Upload;
      expect(form.files("f").map(({ filename }) => filename)).toEqual(["x.txt", "empty.txt"]);
      expect([upload.rawFilename, upload.type, upload.size, upload.inMemory]).toEqual([
        "../../x.txt",
        "text/x",
        5,
        true,
      ]);
      expect(await upload.text()).toBe("hello");
      expect(upload.headers.get("content-type")).toBe("text/x");
      expect(inspect(upload)).toBe('Upload { f: "x.txt", text/x, 5 bytes }');
      expect(form.get("f")).toBe(null);
    }));

  test("that is large waits in a file that only this user can read, until the request's task ends", () =>
    run(async () => {
      const request = multipart([["f", large, "x"]]);
      const upload = await inTask(request, async () => {
        const form = await request.form({ folder });
        const [file] = readdirSync(folder);
        expect(statSync(join(folder, file as string)).mode & 0o777).toBe(0o600);
        const kept = form.file("f") as Upload;
        expect([kept.inMemory, kept.size]).toEqual([false, large.length]);
        expect(large.equals(await kept.bytes())).toBe(true);
        const pieces: Uint8Array[] = [];
        for await (const piece of kept) pieces.push(piece);
        expect(pieces.length).toBe(2);
        expect(large.equals(Buffer.concat(pieces))).toBe(true);
        return kept;
      });
      expect(await settled()).toEqual([]);
      await expect(upload.bytes()).rejects.toThrow("that was removed: its request is over");
    }));

  test("stays in memory up to 64 KiB, and all of them up to a megabyte", () =>
    run(async () => {
      const some = Buffer.alloc(65_536);
      const parts = Array.from({ length: 18 }, (_, index): [string, Buffer, string] => [
        `f${index}`,
        some,
        "x",
      ]);
      const request = multipart([...parts, ["more", Buffer.alloc(65_537), "x"]]);
      await inTask(request, async () => {
        const files = (await request.form({ folder })).files();
        expect(files.map(({ inMemory }) => inMemory)).toEqual([
          ...Array(16).fill(true),
          false,
          false,
          false,
        ]);
      });
      expect(await settled()).toEqual([]);
    }));

  test("is saved from memory and from its file alike, again and again, with a mode", () =>
    run(async () => {
      const places = ["a", "b"].map((name) => join(folder, name));
      const request = multipart([
        ["small", "hello", "x"],
        ["large", large, "x"],
      ]);
      await inTask(request, async () => {
        const form = await request.form({ folder });
        writeFileSync(places[0] as string, "before");
        for (const name of ["small", "large"]) {
          const upload = form.file(name) as Upload;
          for (const place of places) await upload.saveTo(place, { mode: 0o640 });
          for (const place of places) {
            expect(readFileSync(place).equals(await upload.bytes())).toBe(true);
            expect(statSync(place).mode & 0o777).toBe(0o640);
          }
          expect(readdirSync(folder).filter((each) => each.endsWith(".part"))).toHaveLength(
            name === "small" ? 1 : 0,
          );
        }
      });
      await sleep(10);
      expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
      expect(readFileSync(places[1] as string).equals(large)).toBe(true);
    }));

  test("that can't be saved leaves nothing", () =>
    run(async () => {
      const request = multipart([["f", "hello", "x"]]);
      const upload = (await request.form()).file("f") as Upload;
      await expect(upload.saveTo(join(folder, "no", "x"))).rejects.toMatchObject({
        code: "ENOENT",
      });
      mkdirSync(join(folder, "taken"));
      await expect(upload.saveTo(join(folder, "taken"))).rejects.toThrow(
        /EISDIR|ENOTEMPTY|EEXIST|EPERM/,
      );
      await expect(upload.saveTo("")).rejects.toThrow(TypeError);
      await expect(upload.saveTo("x", { mode: -1 })).rejects.toThrow(RangeError);
      for (let tries = 0; tries < 100 && readdirSync(folder).length > 1; tries++) await sleep(2);
      expect(readdirSync(folder)).toEqual(["taken"]);
    }));

  test("whose saving is cancelled, anywhere, is there as a whole or not at all", () =>
    run(async () => {
      for (const size of [5, large.length]) {
        // Later and later, until it is done before.
        let saved = false;
        for (let turn = 0; !saved; turn += turn < 12 ? 1 : turn) {
          const request = multipart([["f", large.subarray(0, size), "x"]]);
          const place = join(folder, "saved");
          const saving = createTask(async () => {
            request.ownTask = saving;
            const upload = (await request.form({ folder })).file("f") as Upload;
            await upload.saveTo(place);
          });
          for (let step = 0; step < turn; step++) await sleep(0);
          saving.cancel();
          await wait([saving]);
          saved = !saving.cancelled();
          if (saved) saving.result();
          for (
            let tries = 0;
            tries < 1000 && readdirSync(folder).some((name) => name !== "saved");
            tries++
          )
            await sleep(2);
          const left = readdirSync(folder);
          expect(left.length === 0 || left[0] === "saved").toBe(true);
          expect(left.map(() => statSync(place).size)).toEqual(left.map(() => size));
          expect(left).toEqual(turn === 0 ? [] : saved ? ["saved"] : left);
          rmSync(place, { force: true });
        }
      }
    }));

  test("that breaks off, or is too large, leaves nothing", () =>
    run(async () => {
      const broken = multipart([["f", large, "x"]], {
        body: [`--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n`, large],
      });
      await expect(inTask(broken, () => broken.form({ folder }))).rejects.toThrow(BadRequest);
      const huge = multipart([["f", large, "x"]]);
      await expect(inTask(huge, () => huge.form({ folder, fileSize: 69_999 }))).rejects.toThrow(
        PayloadTooLarge,
      );
      expect(await settled()).toEqual([]);
    }));
});

test("a part of a form without a name is refused", () =>
  runVirtual(async () => {
    const request = multipart([], { body: "--b\r\n\r\nx\r\n--b--" });
    await expect(request.form()).rejects.toThrow("a part of the form has no name");
  }));

test("a form is also given as the WHATWG's FormData", () =>
  runVirtual(async () => {
    const data = await multipart([
      ["a", "1"],
      ["f", "hello", "x.txt"],
    ]).formData();
    expect(data.get("a")).toBe("1");
    const file = data.get("f") as unknown as File;
    expect([file.name, file.type, file.size, await file.text()]).toEqual([
      "x.txt",
      "text/x",
      5,
      "hello",
    ]);
    expect([...(await urlencoded("a=1&a=2").formData()).getAll("a")]).toEqual(["1", "2"]);
  }));

test("what the platform's own FormData writes is read", () =>
  runVirtual(async () => {
    const data = new FormData();
    data.append('na"me\r\n', "ü\n");
    data.append("f", new Blob(["\0\r\n--"]), 'a"ü.bin');
    const sent = new Request("http://h/", { method: "POST", body: data });
    const type = sent.headers.get("content-type") as string;
    const body = new Uint8Array(await sent.arrayBuffer());
    const form = await fakeRequest({ headers: { "content-type": type }, body }).form();
    expect(form.names()).toEqual(['na"me\r\n', "f"]);
    expect(form.text('na"me\r\n')).toBe("ü\r\n");
    expect(form.file("f")?.rawFilename).toBe('a"ü.bin');
    expect(await form.file("f")?.text()).toBe("\0\r\n--");
  }));

describe("a safe filename", () => {
  test.each([
    ["photo.jpg", "photo.jpg"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\x.dll", "x.dll"],
    ["C:x.dll", "C_x.dll"],
    ["/", "file"],
    ["..", "file"],
    ["", "file"],
    [".htaccess", "htaccess"],
    ["a\0b\r\n.txt", "ab.txt"],
    ["trailing. . ", "trailing"],
    ["x\u202Etxt.exe", "xtxt.exe"],
    ["con", "_con"],
    ["NUL.txt", "_NUL.txt"],
    ["console.log", "console.log"],
    ['a<b>:"|?*c', "a_b______c"],
    ["cafe\u0301.txt", "café.txt"],
    ["lone\uD800", "lone\uFFFD"],
  ])("of %j is %j", (name, safe) => {
    expect(safeFilename(name)).toBe(safe);
  });

  test("is no longer than a file's name may be, and keeps its extension", () => {
    const long = safeFilename(`${"ü".repeat(300)}.tar.gz`);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
    expect(long).toMatch(/^ü+\.gz$/);
    expect(safeFilename(`con.${"x".repeat(300)}`).length).toBe(255);
  });

  test("never is a path, hidden, or empty, and is its own safe name (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const safe = safeFilename(name);
        expect(safe).not.toMatch(/[/\\\0]|^\.|^$|[. ]$/);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
        expect(safeFilename(safe)).toBe(safe);
      }),
      { numRuns: 30 },
    );
  });
});
