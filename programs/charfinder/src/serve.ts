/*
 * Runs a server as the main task of the process until Ctrl-C or SIGTERM, which is how it's meant to end: exit code 0.
 * A second signal does not wait for anybody.
 */
import { addSignalHandler, Event, run } from "ambit";

import type { ServeCommand } from "./args/command.ts";
import type { Outputs } from "./printMatches.ts";
import { countWords } from "./screen/countWords.ts";
import type { CharacterIndex } from "./search/characterIndex.ts";
import { loadIndex } from "./search/loadIndex.ts";

/** What a shell expects of a program that a signal has ended. */
const INTERRUPTED = 130;

/** Serves; gives the exit code. */
export async function serve(command: ServeCommand, { out, err }: Outputs): Promise<number> {
  try {
    const { index } = await loadIndex();
    warmUp(index);
    const told = await run(() => {
      const stop = new Event();
      for (const signal of ["SIGINT", "SIGTERM"] as const)
        addSignalHandler(signal, () => {
          if (stop.isSet()) process.exit(INTERRUPTED);
          stop.set();
        });
      return serveUntil(command, index, stop, (line) => out.write(`${line}\n`));
    });
    out.write(`${out.isTTY ? "\n" : ""}charfinder: stopped; ${toldWords(told)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    err.write(`charfinder: ${troubleOf(error as NodeJS.ErrnoException, command)}\n`);
    return 1;
  }
}

/** The first client is not to wait for the compiler of the machine: it comes at the second or third time. */
function warmUp(index: CharacterIndex): void {
  for (const query of ["cat face", "l* with", "cjk 4e*", "hangul ga*", "block:arrows a", "¿Qué?"])
    for (let round = 0; round < 3; round++) index.find(query).page(0, 1);
}

function toldWords(told: number): string {
  return `${countWords(told, "client")} ${told === 1 ? "was" : "were"} told`;
}

async function serveUntil(
  { kind, host, port }: ServeCommand,
  index: CharacterIndex,
  stop: Event,
  say: (line: string) => void,
): Promise<number> {
  if (kind === "tcp") {
    const { serveLines } = await import("./tcp/lineServer.ts");
    return serveLines(index, { host, port }, stop, (server) =>
      say(`charfinder: try \`nc ${host} ${server.port}\`, Ctrl-C ends it`),
    );
  }
  const { servePages } = await import("./http/pageServer.ts");
  return servePages(index, { host, port }, stop, (url) =>
    say(`charfinder: open ${url}/, Ctrl-C ends it`),
  );
}

/** What keeps it from listening, for people. */
function troubleOf(error: NodeJS.ErrnoException, { host, port }: ServeCommand): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is in use: give another with --port, or 0 for a free one`;
    case "EACCES":
      return `port ${port} needs rights that you do not have: give one above 1023 with --port`;
    default:
      return `cannot listen on ${host}, port ${port}: ${error.message}`;
  }
}
