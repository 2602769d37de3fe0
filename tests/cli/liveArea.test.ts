/** Lines that are painted over, on a small terminal: the picture, the cursor, the size. */
import { expect, test } from "vitest";
import { LiveArea } from "../../src/cli/liveArea.ts";
import { FakeTerminal } from "./screen.ts";

test("lines are painted over, whatever was there and how many", () => {
  const terminal = new FakeTerminal(20, 6);
  terminal.write("$ command\n");
  const area = new LiveArea(terminal);
  area.paint(["one, and it is long", "two"]);
  expect(terminal.picture).toEqual(["$ command", "one, and it is long", "two"]);
  area.paint(["one", "two", "three"]);
  expect(terminal.picture).toEqual(["$ command", "one", "two", "three"]);
  area.paint(["1"]);
  expect(terminal.picture).toEqual(["$ command", "1"]);
  area.close();
  expect(terminal.picture).toEqual(["$ command"]);
  expect(terminal.cursor).toEqual({ row: 1, column: 0 });
});

test("a line that is printed comes above, with the next painting, in one write", () => {
  const terminal = new FakeTerminal(20, 6);
  const area = new LiveArea(terminal);
  area.paint(["busy"]);
  area.print("first");
  area.print("second");
  expect(terminal.picture).toEqual(["busy"]);
  const { writes } = terminal;
  area.paint(["busy still"]);
  expect(terminal.writes).toBe(writes + 1);
  expect(terminal.picture).toEqual(["first", "second", "busy still"]);
  area.print("last");
  area.close();
  expect(terminal.picture).toEqual(["first", "second", "last"]);
});

test("a printed line may wrap, and may scroll the screen", () => {
  const terminal = new FakeTerminal(10, 4);
  const area = new LiveArea(terminal);
  area.paint(["a", "b"]);
  for (const n of [1, 2, 3]) {
    area.print(`line ${n} islong`);
    area.paint(["a", "b"]);
  }
  expect(terminal.picture).toEqual(["line 3 isl", "ong", "a", "b"]);
  expect(terminal.history.slice(0, 4)).toEqual(["line 1 isl", "ong", "line 2 isl", "ong"]);
});

test("the cursor is hidden while there are lines, and comes back, at the process's end as well", () => {
  const before = process.listenerCount("exit");
  const terminal = new FakeTerminal();
  const area = new LiveArea(terminal);
  expect(terminal.cursorVisible).toBe(true);
  area.paint(["busy"]);
  expect(terminal.cursorVisible).toBe(false);
  const [onExit] = process.listeners("exit").slice(-1);
  expect(process.listenerCount("exit")).toBe(before + 1);
  onExit?.call(process, 0);
  expect(terminal.cursorVisible).toBe(true);
  expect(terminal.picture).toEqual([]);
  expect(process.listenerCount("exit")).toBe(before);
  area.close();
  expect(terminal.written.match(/\?25h/g)).toHaveLength(1);
});

test("nothing was painted: nothing is taken away", () => {
  const terminal = new FakeTerminal();
  new LiveArea(terminal).close();
  expect(terminal.written).toBe("");
});

test("a window that has become smaller is painted right again", () => {
  const terminal = new FakeTerminal(40, 10);
  terminal.write("$ command\n");
  const area = new LiveArea(terminal);
  area.paint(["x".repeat(39), "short"]);
  terminal.resize(20, 10);
  expect(area.size).toEqual({ columns: 19, rows: 9 });
  area.paint(["y".repeat(19), "short"]);
  // This terminal does not wrap what is there anew, so one row too many is painted over at worst.
  expect(terminal.picture.slice(-2)).toEqual(["y".repeat(19), "short"]);
  terminal.resize(60, 3);
  area.paint(["z", "short"]);
  expect(terminal.picture.slice(-2)).toEqual(["z", "short"]);
});

test("colours take no room, and a terminal that does not know its size has 80 columns and 24 rows", () => {
  const terminal = new FakeTerminal(10, 4);
  const area = new LiveArea(terminal);
  area.paint([`\u001B[32m${"g".repeat(9)}\u001B[39m`, "b"]);
  area.paint(["a", "b"]);
  expect(terminal.picture).toEqual(["a", "b"]);
  area.close();
  const unknown = new LiveArea({ write: () => {}, isTTY: true, columns: 0, rows: 0 });
  expect(unknown.size).toEqual({ columns: 79, rows: 23 });
});

test("the ^C that the terminal shows for Ctrl-C does no harm, also beside a full line", () => {
  const terminal = new FakeTerminal(10, 6);
  terminal.write("$ command\n");
  const area = new LiveArea(terminal);
  area.paint(["a", "b".repeat(9)]);
  terminal.write("^C");
  area.paint(["a", "b".repeat(9)]);
  expect(terminal.picture).toEqual(["$ command", "a", "b".repeat(9)]);
  terminal.write("^C");
  area.close();
  expect(terminal.picture).toEqual(["$ command"]);
});
