/*
 * A run at one moment as lines of text: one that sums up, and below it one for each file that is
 * being downloaded.
 *
 *     [######..............]  3,142 of 10,000  3 failed  45.2 MB  3.1 MB/s  0:48 left
 *       photos/0001.jpg                                        45%  1.2 MB of 2.7 MB
 *
 * They always fit: what matters least is left out first, names are cut at their beginning.
 */
import type { Ink } from "../../core/ink.ts";
import { bytesInWords, clock, counted, grouped } from "../quantities.ts";
import { cutEnd, cutStart, harmless, padEnd, widthOf } from "../terminalText.ts";
import type { Speed } from "./meter.ts";
import { ended, type Snapshot, type Transfer } from "./snapshot.ts";

/** How lines are to look. */
export interface Look {
  readonly ink: Ink;
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/** Room for lines. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** What the display shows, at most `rows` lines of at most `columns` each. */
export function progressLines(
  snapshot: Snapshot,
  speed: Speed,
  room: Room,
  look: Look,
): readonly string[] {
  const { active } = snapshot;
  const lines = [summaryLine(snapshot, speed, room.columns, look)];
  // Two lines of the window are left to what is said above.
  const most = Math.max(0, room.rows - 3);
  const shown = active.length > most ? Math.max(0, most - 1) : active.length;
  for (const transfer of active.slice(0, shown)) {
    lines.push(transferLine(transfer, room.columns, look));
  }
  if (shown < active.length && most > 0) {
    lines.push(
      look.ink.place(cutEnd(`  and ${grouped(active.length - shown)} more`, room.columns)),
    );
  }
  return lines;
}

interface Fact {
  readonly text: string;
  /** The higher, the sooner it is left out. */
  readonly rank: number;
  readonly ink?: (text: string) => string;
}

function summaryLine(snapshot: Snapshot, speed: Speed, columns: number, look: Look): string {
  const facts = factsOf(snapshot, speed, look).filter(({ text }) => text !== "");
  const width = (): number => facts.reduce((sum, { text }) => sum + widthOf(text) + 2, -2);
  while (width() > columns && facts.length > 1) {
    const worst = Math.max(...facts.map(({ rank }) => rank));
    facts.splice(
      facts.findIndex(({ rank }) => rank === worst),
      1,
    );
  }
  if (width() > columns) return cutEnd(facts[0]?.text ?? "", columns, markOf(look));
  return facts.map(({ text, ink }) => (ink ?? String)(text)).join("  ");
}

function factsOf(snapshot: Snapshot, { rate, left }: Speed, look: Look): Fact[] {
  const { total, failed, bytes } = snapshot;
  return [
    { text: barOf(snapshot, look), rank: 5 },
    { text: countOf(snapshot), rank: 0, ink: look.ink.name },
    { text: failed > 0 ? `${grouped(failed)} failed` : "", rank: 1, ink: look.ink.alarm },
    { text: bytesInWords(bytes), rank: 4 },
    { text: `${bytesInWords(rate)}/s`, rank: 3 },
    { text: left === null || total === null ? "" : `${clock(left)} left`, rank: 2 },
  ];
}

function countOf(snapshot: Snapshot): string {
  const { total } = snapshot;
  const count = ended(snapshot);
  return total === null ? counted(count, "file") : `${grouped(count)} of ${grouped(total)}`;
}

const BAR = 20;

function barOf(snapshot: Snapshot, { unicode }: Look): string {
  const { total, active } = snapshot;
  if (total === null || total === 0) return "";
  // A file in the works counts by the part of it that is there, so that one big file moves it, too.
  const parts = active.reduce((sum, { bytes, length }) => sum + (length ? bytes / length : 0), 0);
  const part = Math.min(1, (ended(snapshot) + parts) / total);
  const filled = Math.floor(part * BAR);
  const [full, empty] = unicode ? ["█", "░"] : ["#", "."];
  const bar = full.repeat(filled) + empty.repeat(BAR - filled);
  return unicode ? bar : `[${bar}]`;
}

function transferLine(transfer: Transfer, columns: number, look: Look): string {
  const state = stateOf(transfer);
  const name = harmless(transfer.name);
  const room = columns - 4 - widthOf(state);
  // In a narrow window the name is worth more than the numbers.
  if (room < 12)
    return `  ${cutStart(name, Math.max(0, columns - 2), markOf(look))}`.slice(0, columns);
  return `  ${padEnd(cutStart(name, room, markOf(look)), room)}  ${look.ink.place(state)}`;
}

function stateOf({ bytes, length, note }: Transfer): string {
  if (note !== undefined) return harmless(note);
  if (length === null) return bytesInWords(bytes);
  const percent = length === 0 ? 100 : Math.floor((bytes / length) * 100);
  return `${percent}%  ${bytesInWords(bytes)} of ${bytesInWords(length)}`;
}

function markOf({ unicode }: Look): string {
  return unicode ? "…" : "...";
}

/** The same in one line for a file or a pipe: `ambit get: 3 of 10 files, 1 failed, …`. */
export function plainLine(snapshot: Snapshot, { rate, left }: Speed): string {
  const { total, failed, bytes } = snapshot;
  const count = ended(snapshot);
  const facts = [
    total === null ? counted(count, "file") : `${grouped(count)} of ${counted(total, "file")}`,
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    bytesInWords(bytes),
    `${bytesInWords(rate)}/s`,
    ...(left === null ? [] : [`${clock(left)} left`]),
  ];
  return `ambit get: ${facts.join(", ")}`;
}
