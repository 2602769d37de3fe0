/**
 * Names: what comes from outside can never leave the folder, and what a user wrote is taken or refused.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downloadPath } from "ambit/download";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NameTemplate } from "../../src/download/nameTemplate.ts";
import { OutputFolder } from "../../src/download/outputFolder.ts";
import { Reservations } from "../../src/download/reservations.ts";
import { checkedPath, safeName, safeServerName } from "../../src/download/safeName.ts";
import { Folder } from "./site.ts";

const anyText = fc.string({ unit: "binary", maxLength: 300 });

describe("a name from outside", () => {
  test.each([
    ["..", "_"],
    [".", "_"],
    ["", "_"],
    ["...", "_"],
    ["a/b\\c", "a_b_c"],
    ["nul\0byte", "nul_byte"],
    ["tab\there", "tab_here"],
    ["con", "_con"],
    ["AUX.txt", "_AUX.txt"],
    ["com1.tar.gz", "_com1.tar.gz"],
    ["console.txt", "console.txt"],
    ["ends. . ", "ends"],
    ["a:b*c?", "a_b_c_"],
    ["\u202Etxt.exe", "_txt.exe"],
    ["half \ud800 pair", "half _ pair"],
    [".hidden", ".hidden"],
    ["grüße.txt", "grüße.txt"],
  ])("%j becomes %j", (text, name) => {
    expect(safeName(text)).toBe(name);
  });

  test("that a server gives is not hidden", () => {
    expect(safeServerName("..profile")).toBe("_profile");
  });

  test("that is too long is cut between two characters, and keeps its extension", () => {
    const name = safeName(`${"ü".repeat(200)}.tar.gz`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(250);
    expect(name).toMatch(/^ü{120,}\.gz$/);
    expect(safeName("x".repeat(300))).toBe("x".repeat(250));
  });

  test("whatever it is, is one harmless part of a path, and stays as it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = safeName(text);
        expect(name).not.toMatch(/^\.{1,2}$|[/\\\0<>:"|?*]|[. ]$/);
        expect(name).not.toBe("");
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(250);
        expect(Buffer.from(name).toString()).toBe(name);
        expect(safeName(name)).toBe(name);
        expect(checkedPath(name, true)).toBe(name);
      }),
    );
  });
});

describe("an output of the user's", () => {
  test.each([
    ["a", "a"],
    ["./a//b/./c", "a/b/c"],
    ["name with spaces.txt", "name with spaces.txt"],
    ["nul", "nul"],
  ])("%j is %j", (output, path) => {
    expect(checkedPath(output, false)).toBe(path);
  });

  test.each(["/etc/passwd", "../a", "a/../../b", "", "a/", ".", "a\0b", "a\nb", "x".repeat(251)])(
    "%j is refused",
    (output) => {
      expect(() => checkedPath(output, false)).toThrow(/^the output /);
    },
  );

  test.each(["C:\\a", "c:a", "\\\\host\\share", "a\\..\\..\\b", "nul", "a.", "a?b"])(
    "%j is refused on Windows",
    (output) => {
      expect(() => checkedPath(output, true)).toThrow(/^the output /);
    },
  );

  test("with backslashes has folders on Windows only", () => {
    expect([checkedPath("a\\b", true), checkedPath("a\\b", false)]).toEqual(["a/b", "a\\b"]);
  });
});

describe("a template", () => {
  const url = "http://Example.org:8080/docs/a%20b/report.tar.gz?page=2";

  test.each([
    ["{name}", "report.tar.gz"],
    ["{host}/{path}", "example.org_8080/docs/a b/report.tar.gz"],
    ["{stem}-{n}{ext}", "report.tar-7.gz"],
    ["{n:5}{ext}", "00007.gz"],
    ["all/{name}", "all/report.tar.gz"],
  ])("%j gives %j", (template, path) => {
    expect(downloadPath(url, 6, template)).toBe(path);
  });

  test.each([
    ["http://h/", "index.html"],
    ["http://h/a/..%2f..%2fb", ".._.._b"],
    ["http://h/%ff", "%ff"],
    ["http://h/%2e%2e/%2e%2e/x", "x"],
  ])("finds a name in %s", (input, name) => {
    expect(downloadPath(input, 0)).toBe(name);
  });

  test("that needs the server's word gives nothing before", () => {
    expect(downloadPath(url, 0, "{disposition}")).toBeNull();
    const template = new NameTemplate("{host}/{disposition}");
    expect(template.path(new URL(url), 0, "../../x")).toBe("example.org_8080/__.._x");
    expect(template.path(new URL(url), 0, null)).toBe("example.org_8080/report.tar.gz");
  });

  test.each(["{nme}", "{name:3}", "{", "a}b", "{n:}"])("%j is refused", (template) => {
    expect(() => new NameTemplate(template)).toThrow("Expected `options.name` to be a template");
  });

  test("never leads out of the folder, whatever the URL", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), anyText, (address, given) => {
        const template = new NameTemplate("{host}/{path}/{stem}/{ext}/{disposition}");
        const path = template.path(new URL(address), 0, given);
        expect(checkedPath(path, true)).toBe(path);
      }),
    );
  });
});

describe("the folder", () => {
  test("follows a link that stays inside, and none that leads out", () => {
    using folder = new Folder();
    using outside = new Folder();
    mkdirSync(join(folder.path, "real"));
    symlinkSync(join(folder.path, "real"), join(folder.path, "in"));
    symlinkSync(outside.path, join(folder.path, "out"));
    writeFileSync(join(folder.path, "file"), "");
    symlinkSync(join(folder.path, "file"), join(folder.path, "tofile"));
    const output = new OutputFolder(folder.path, null);
    expect(output.prepare("in/a")).toMatch(/in\/a$/);
    expect(output.prepare("new/er/a")).toMatch(/new\/er\/a$/);
    expect(() => output.prepare("out/a")).toThrow("leads out of the folder");
    expect(() => output.prepare("file/a")).toThrow("a file stands where its folder should be");
    expect(() => output.prepare("tofile/a")).toThrow("leads to no folder");
  });

  test("holds nothing to look for if it was empty but for the journal, which stays to look for", () => {
    using folder = new Folder();
    const journal = join(folder.path, ".journal");
    const fresh = (): boolean[] => {
      const output = new OutputFolder(folder.path, journal);
      return ["a", "deep/a", ".journal", ".JOURNAL.lock"].map((path) => output.isFresh(path));
    };
    expect(fresh()).toEqual([true, true, false, false]);
    writeFileSync(journal, "");
    writeFileSync(`${journal}.lock`, "");
    expect(fresh()).toEqual([true, true, false, false]);
    writeFileSync(join(folder.path, "a"), "");
    expect(fresh()).toEqual([false, false, false, false]);
  });
});

describe("a reservation", () => {
  test("is had by one, and `a` and `a.part` are in each other's way", () => {
    const reserved = new Reservations(false);
    const paths = ["a", "a", "b.part", "b", "c", "c.part", "A", "é", "e\u0301"];
    expect(paths.map((path) => reserved.take(path))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  test("ignores the case where the file system does", () => {
    const reserved = new Reservations(true);
    expect([reserved.take("Read.me"), reserved.take("READ.ME")]).toEqual([true, false]);
  });

  test("is exact for any paths", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 4 }), { maxLength: 3000 }), (paths) => {
        const reserved = new Reservations(false);
        const taken = new Set<string>();
        for (const path of paths.filter((each) => !each.endsWith(".part"))) {
          expect(reserved.take(path)).toBe(!taken.has(path.normalize("NFC")));
          taken.add(path.normalize("NFC"));
        }
      }),
      { numRuns: 20 },
    );
  });
});
