import { stripVTControlCharacters } from "node:util";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { barLine, ProgressBar, type Progress } from "../../src/screen/progressBar.ts";

const progress: Progress = { label: "async", total: 256, done: 128, notFound: 0, errors: 0 };

describe("the line", () => {
  test("shows a bar, the count and the time", () => {
    expect(barLine(progress, 1.23, 50)).toBe("async ██████████████░░░░░░░░░░░░░░ 128/256  1.2 s");
  });

  test("shows troubles only when there are some", () => {
    expect(barLine({ ...progress, notFound: 2, errors: 1 }, 0, 80)).toContain(
      "128/256  0.0 s  2 not found  1 error",
    );
  });

  test.each([...Array(120).keys()])("is shorter than a terminal of %i columns", (columns) => {
    const line = barLine({ ...progress, notFound: 12, errors: 34 }, 99.9, columns);
    expect(line.length).toBeLessThanOrEqual(Math.max(0, columns - 1));
  });

  test("is full at the end and empty at the start", () => {
    expect(barLine({ ...progress, done: 256 }, 0, 60)).not.toContain("░");
    expect(barLine({ ...progress, done: 0 }, 0, 60)).not.toContain("█");
    expect(barLine({ ...progress, done: 0, total: 0 }, 0, 60)).toContain("0/0");
  });
});

describe("on a terminal", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function barOn(terminal: { isTTY: boolean; columns: number }, env: NodeJS.ProcessEnv = {}) {
    const written: string[] = [];
    const state = { ...progress, done: 0 };
    const bar = new ProgressBar(
      { ...terminal, write: (text) => written.push(text) },
      () => state,
      (line) => written.push(`${line}\n`),
      env,
    );
    return { bar, written, state };
  }
  const tty = { isTTY: true, columns: 60 };

  test("it is repainted ten times a second at most, however fast things change", () => {
    const { bar, written, state } = barOn(tty);
    bar.start();
    for (let ms = 0; ms < 1000; ms += 4) {
      state.done++;
      vi.advanceTimersByTime(4);
    }
    expect(written).toHaveLength(11);
    bar.stop();
  });

  test("lines are printed above it, and it is painted again below them", () => {
    const { bar, written } = barOn(tty);
    bar.start();
    bar.print("BR ok");
    bar.print("US ok");
    vi.advanceTimersByTime(100);
    expect(written.slice(1, 4)).toEqual(["\r\u001B[K", "BR ok\n", "US ok\n"]);
    expect(written[4]).toMatch(/^\rasync/);
    bar.stop();
  });

  test("stopping it prints what is left, wipes the line and ends the painting", () => {
    const { bar, written, state } = barOn(tty);
    bar.start();
    bar.print("BR ok");
    bar.stop();
    expect(written.slice(1)).toEqual(["\r\u001B[K", "BR ok\n"]);
    state.done = 5;
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(3);
  });

  test("a locale without Unicode gets a bar of plain characters", () => {
    const { bar, written } = barOn(tty, { LANG: "C" });
    bar.start();
    expect(stripVTControlCharacters(written[0] ?? "")).toMatch(/^\rasync \.+ /);
    bar.stop();
  });

  test.each([
    ["a pipe", { isTTY: false, columns: 60 }, {}],
    ["a dumb terminal", tty, { TERM: "dumb" }],
  ])("%s gets the lines and nothing else", (_name, stream, env) => {
    const { bar, written } = barOn(stream, env);
    bar.start();
    bar.print("BR ok");
    vi.advanceTimersByTime(1000);
    bar.stop();
    expect(written).toEqual(["BR ok\n"]);
  });
});
