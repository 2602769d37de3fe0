/** The display of a run, as a picture of 80 by 24 characters, in virtual time. */
import { sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { Display } from "../../../src/cli/get/display.ts";
import { progressLines } from "../../../src/cli/get/progressLines.ts";
import type { Snapshot, Transfer } from "../../../src/cli/get/snapshot.ts";
import { widthOf } from "../../../src/cli/terminalText.ts";
import { PLAIN } from "../../../src/core/ink.ts";
import { FakePipe, FakeTerminal } from "../screen.ts";

const MEGABYTE = 1_000_000;

function transfer(name: string, bytes: number, length: number | null, note?: string): Transfer {
  return { name, bytes, length, ...(note === undefined ? {} : { note }) };
}

const START: Snapshot = { total: 1000, done: 0, skipped: 0, failed: 0, bytes: 0, active: [] };

interface Screen {
  readonly terminal: FakeTerminal;
  readonly display: Display;
  /** Changes what the display will see. */
  see(change: Partial<Snapshot>): void;
}

/** Runs `scene` with a display on a terminal of 80 by 24. */
function onScreen(
  scene: (screen: Screen) => Promise<void>,
  how: { env?: Record<string, string>; terminal?: FakeTerminal; total?: number | null } = {},
): Promise<void> {
  return runVirtual(async () => {
    const { terminal = new FakeTerminal(), env = {}, total = 1000 } = how;
    let now: Snapshot = { ...START, total };
    const streams = { in: () => process.stdin, out: new FakePipe(), err: terminal, env };
    await using display = new Display(streams, () => now, true);
    await scene({ terminal, display, see: (change) => void (now = { ...now, ...change }) });
  });
}

test("a run looks like this", () =>
  onScreen(async ({ terminal, display, see }) => {
    terminal.write("$ ambit get -i urls.txt -d photos\n");
    await sleep(2000);
    see({
      done: 240,
      skipped: 2,
      failed: 3,
      bytes: 36 * MEGABYTE,
      active: [
        transfer("holiday.mp4", 66 * MEGABYTE, 123 * MEGABYTE),
        transfer(
          "2026/one/very/long/path/that/does/not/fit/into/the/window/at/all/0242.jpg",
          900_000,
          2_700_000,
        ),
        transfer("写真/東京タワー.jpg", 12_345, null),
        transfer("evil\u001B[2J\nname.jpg", 0, 10),
        transfer("late.jpg", 0, null, "try 3"),
      ],
    });
    display.print("failed  http 404  http://host/243.jpg: the server answered 404 Not Found");
    await sleep(1000);
    expect(terminal.picture).toEqual([
      "$ ambit get -i urls.txt -d photos",
      "failed  http 404  http://host/243.jpg: the server answered 404 Not Found",
      "████░░░░░░░░░░░░░░░░  245 of 1,000  3 failed  36.0 MB  12.4 MB/s  0:09 left",
      "  holiday.mp4                                          53%  66.0 MB of 123.0 MB",
      "  …h/that/does/not/fit/into/the/window/at/all/0242.jpg  33%  900.0 kB of 2.7 MB",
      "  写真/東京タワー.jpg                                                   12.3 kB",
      "  evil\\x1B[2J\\x0Aname.jpg                                       0%  0 B of 10 B",
      "  late.jpg                                                                try 3",
    ]);
    expect(terminal.cursorVisible).toBe(false);
    await display.close();
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.picture).toEqual([
      "$ ambit get -i urls.txt -d photos",
      "failed  http 404  http://host/243.jpg: the server answered 404 Not Found",
    ]);
    display.print("said at once when the display is closed");
    expect(terminal.picture.at(-1)).toBe("said at once when the display is closed");
  }));

test("more transfers than rows are counted in the last row, two rows are left to what is said", () =>
  onScreen(
    async ({ terminal, see }) => {
      see({ active: Array.from({ length: 30 }, (_, n) => transfer(`file${n}`, n * 1000, null)) });
      await sleep(100);
      expect(terminal.picture).toHaveLength(7);
      expect(terminal.picture[1]).toMatch(/^ {2}file0 +0 B$/);
      expect(terminal.picture.slice(-1)).toEqual(["  and 25 more"]);
      terminal.resize(80, 5);
      await sleep(100);
      expect(terminal.picture.slice(-2)).toEqual([
        "░░░░░░░░░░░░░░░░░░░░  0 of 1,000  0 B  0 B/s",
        "  and 30 more",
      ]);
    },
    { terminal: new FakeTerminal(80, 10) },
  ));

test("it is painted ten times a second at most, however much happens", () =>
  onScreen(async ({ terminal, display, see }) => {
    for (let n = 0; n < 500; n++) {
      see({ done: n });
      display.print(`line ${n}`);
      await sleep(2);
    }
    expect(terminal.writes).toBeLessThanOrEqual(11);
    expect(terminal.history).toContain("line 450");
  }));

test("while the list is still read, the total and the end are not known", () =>
  onScreen(
    async ({ terminal, see }) => {
      await sleep(1000);
      see({ done: 1, bytes: 5000 });
      await sleep(1000);
      expect(terminal.picture).toEqual(["1 file  5.0 kB  2.6 kB/s"]);
      see({ total: 2 });
      await sleep(100);
      expect(terminal.picture[0]).toMatch(
        /^█{10}░{10} {2}1 of 2 {2}5\.0 kB {2}2\.\d kB\/s {2}0:02 left$/,
      );
    },
    { total: null },
  ));

test("the last files are waited for by their bytes, not by their number", () =>
  onScreen(
    async ({ terminal, see }) => {
      for (let n = 1; n <= 40; n++) {
        see({ done: 1, bytes: n * 100_000, active: [transfer("big", n * 100_000, 10_000_000)] });
        await sleep(100);
      }
      expect(terminal.picture[0]).toMatch(/0:06 left$/);
    },
    { total: 2 },
  ));

test.each([
  [{ LANG: "C" }, "[#####...............]  250 of 1,000  0 B  0 B/s"],
  [{ LC_ALL: "de_DE.UTF-8", LANG: "C" }, "█████░░░░░░░░░░░░░░░  250 of 1,000  0 B  0 B/s"],
])("a terminal of the locale %j shows %j", (env, line) =>
  onScreen(
    async ({ terminal, see }) => {
      see({ done: 240, skipped: 10 });
      await sleep(100);
      expect(terminal.picture).toEqual([line]);
    },
    { env },
  ),
);

test("NO_COLOR and FORCE_COLOR are obeyed, and TERM=dumb gets plain lines", async () => {
  const coloured = async (env: Record<string, string>, hasColors: boolean): Promise<boolean> => {
    const terminal = new FakeTerminal(80, 24, hasColors);
    await onScreen(async () => sleep(100), { env, terminal });
    return terminal.written.includes("\u001B[1m");
  };
  expect(await coloured({}, true)).toBe(true);
  expect(await coloured({}, false)).toBe(false);
  expect(await coloured({ NO_COLOR: "1" }, true)).toBe(false);
  expect(await coloured({ FORCE_COLOR: "1" }, false)).toBe(true);
  expect(await coloured({ FORCE_COLOR: "0" }, true)).toBe(false);
  const dumb = new FakeTerminal(80, 24, true);
  await onScreen(async () => sleep(5000), { env: { TERM: "dumb" }, terminal: dumb });
  expect(dumb.written).toBe("ambit get: 0 of 1,000 files, 0 B, 0 B/s\n");
});

test("in a pipe there is a line every five seconds, and no control character", () =>
  runVirtual(async () => {
    const err = new FakePipe();
    const now: Snapshot = { ...START, done: 50, failed: 2, bytes: 10 * MEGABYTE };
    const streams = { in: () => process.stdin, out: new FakePipe(), err, env: {} };
    await using display = new Display(streams, () => now, true);
    await sleep(4000);
    display.print("failed  dns  http://nowhere/");
    expect(err.text).toBe("failed  dns  http://nowhere/\n");
    await sleep(6001);
    expect(err.text.split("\n")).toEqual([
      "failed  dns  http://nowhere/",
      "ambit get: 52 of 1,000 files, 2 failed, 10.0 MB, 2.0 MB/s, 1:31 left",
      "ambit get: 52 of 1,000 files, 2 failed, 10.0 MB, 0 B/s",
      "",
    ]);
  }));

test("without progress nothing is painted, and what is said is said at once", () =>
  runVirtual(async () => {
    const terminal = new FakeTerminal();
    const streams = { in: () => process.stdin, out: new FakePipe(), err: terminal, env: {} };
    await using display = new Display(streams, () => START, false);
    display.print("one");
    await sleep(20_000);
    expect(terminal.written).toBe("one\n");
  }));

test("in a window of any size every line fits", () => {
  const snapshot: Snapshot = {
    total: 123_456_789,
    done: 98_765_432,
    skipped: 11,
    failed: 12_345,
    bytes: 12_345_678_901,
    active: [
      transfer("写真/東京タワー/とても長い名前.jpg", 12_345_678, 123_456_789),
      transfer("a/b/c/d.txt", 5, null),
      transfer("z", 5, null, "try 3"),
    ],
  };
  for (const unicode of [true, false]) {
    for (let columns = 1; columns < 120; columns++) {
      for (let rows = 1; rows < 8; rows++) {
        const speed = { rate: 12_345_678, left: 7_200_000 };
        const lines = progressLines(snapshot, speed, { columns, rows }, { ink: PLAIN, unicode });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
      }
    }
  }
});
