/*
 * What `ambit serve` tells of: as words for a person, or as lines of JSON for a program.
 */
import { getRunningLoop } from "../../core/scope.ts";
import type { Ink } from "../../core/ink.ts";
import { coloursFor } from "../colours.ts";
import { counted, elapsedInWords } from "../quantities.ts";
import type { Streams } from "../streams.ts";

/** Something that happened. Times are milliseconds. */
export type ServeEvent =
  | {
      readonly event: "listening";
      readonly url: string;
      readonly workers: number;
      readonly pid: number;
      readonly target: string;
    }
  | {
      readonly event: "worker ready";
      readonly worker: number;
      readonly pid: number;
      readonly restarts: number;
    }
  /** `next`: in how long another takes its place. */
  | {
      readonly event: "worker ended";
      readonly worker: number;
      readonly pid: number;
      readonly how: string;
      readonly next: number;
    }
  /** One did not start; `next` is null when the next attempt waits for a change. */
  | {
      readonly event: "worker failed";
      readonly worker: number;
      readonly line: string;
      readonly detail: string;
      readonly next: number | null;
    }
  | {
      readonly event: "worker killed";
      readonly worker: number;
      readonly pid: number;
      readonly after: number;
    }
  | { readonly event: "restarting"; readonly why: string }
  | { readonly event: "restarted"; readonly ms: number }
  | {
      readonly event: "restart failed";
      readonly line: string;
      readonly detail: string;
      readonly serving: boolean;
    }
  | { readonly event: "scaled"; readonly workers: number; readonly why: string }
  | { readonly event: "note"; readonly text: string }
  | { readonly event: "stopping"; readonly why: string; readonly timeout: number }
  | { readonly event: "stopped" };

/** Tells what happened. */
export type Say = (event: ServeEvent) => void;

/** Tells a person, on the error output; or a program, in lines of JSON on standard output. */
export function sayTo(
  { out, err, env }: Streams,
  how: { readonly json: boolean; readonly debug: boolean },
): Say {
  if (how.json) {
    return (event) => {
      const time = new Date(getRunningLoop().wallTime()).toISOString();
      out.write(`${JSON.stringify({ time, ...event })}\n`);
    };
  }
  const ink = coloursFor(err, env);
  return (event) => {
    const words = wordsOf(event, ink, how.debug);
    if (words !== null) err.write(`${words}\n`);
  };
}

/** Null for what a person need not be told. */
function wordsOf(event: ServeEvent, ink: Ink, debug: boolean): string | null {
  switch (event.event) {
    case "listening":
      return banner(event, ink);
    case "worker ready":
      // That the first are there, the banner says.
      if (event.restarts === 0) return null;
      return ink.place(`worker ${event.worker} is ready (process ${event.pid})`);
    case "worker ended": {
      const words = `worker ${event.worker} (process ${event.pid}) ended with ${event.how}`;
      return `${ink.alarm(words)}; ${nextInWords(event.next)}`;
    }
    case "worker failed": {
      const words = ink.alarm(`worker ${event.worker} did not start: ${event.line}`);
      return withDetail(`${words}; ${nextInWords(event.next)}`, event.detail, debug);
    }
    case "worker killed": {
      const after = elapsedInWords(event.after);
      return ink.alarm(
        `worker ${event.worker} (process ${event.pid}) did not end within ${after}, and was killed`,
      );
    }
    case "restart failed": {
      const serving = event.serving ? "; what was there serves on" : "";
      return withDetail(ink.alarm(`restart failed: ${event.line}`) + serving, event.detail, debug);
    }
    default:
      return plainWordsOf(event, ink);
  }
}

type PlainEvent = Extract<
  ServeEvent,
  { readonly event: "restarting" | "restarted" | "scaled" | "note" | "stopping" | "stopped" }
>;

function plainWordsOf(event: PlainEvent, ink: Ink): string {
  switch (event.event) {
    case "restarting":
      return `restarting: ${event.why}`;
    case "restarted":
      return ink.good(`restarted in ${elapsedInWords(event.ms)}`);
    case "scaled":
      return `${counted(event.workers, "worker")} from now on, ${event.why}`;
    case "note":
      return event.text;
    case "stopping":
      return `${event.why}: answering what was asked, for ${elapsedInWords(event.timeout)} at most`;
    case "stopped":
      return ink.place("stopped");
    default:
      return event satisfies never;
  }
}

function banner(event: Extract<ServeEvent, { readonly event: "listening" }>, ink: Ink): string {
  const { url, workers, pid, target } = event;
  const how = workers === 0 ? "" : `${counted(workers, "worker")}, `;
  return `${ink.name(`ambit serves ${target} on ${url}`)} ${ink.place(`(${how}process ${pid})`)}`;
}

function nextInWords(next: number | null): string {
  if (next === null) return "waiting for a change";
  return next === 0 ? "starting another" : `starting another in ${elapsedInWords(next)}`;
}

function withDetail(line: string, detail: string, debug: boolean): string {
  return debug && detail !== "" ? `${line}\n${detail}` : line;
}
