/*
 * The command `ambit trace`: a viewer of traces with nothing to install.
 */
import { run } from "../../core/run.ts";
import { signals } from "../../flow/signals.ts";
import { wholeNumber } from "../get/values.ts";
import { readOptions } from "../options.ts";
import type { Streams } from "../streams.ts";
import { UsageError } from "../usageError.ts";
import { traceApp } from "./traceApp.ts";
import { TraceStore } from "./traceStore.ts";
import type { ViewSpan } from "./viewSpan.ts";

const HELP = `Usage: ambit trace [--port N] [--limit N] [--json]

Takes spans on loopback, keeps the newest traces in memory, and shows them on a
page: Zipkin's v2 JSON at /api/v2/spans, OTLP's JSON at /v1/traces.

Options:
      --port N   where to listen; 0 for any free port (default 9411, Zipkin's)
      --limit N  how many traces are kept (default 200)
      --json     print each span that comes, as a line of JSON
  -h, --help     print this help

Examples:
  ambit trace
  ambit trace --port 4318 --json | jq 'select(.error) | .name'

Exit codes: 0 it was told to end, 1 it could not listen, 2 wrong usage.
`;

const OPTIONS = [
  { name: "port", value: "N" },
  { name: "limit", value: "N" },
  { name: "json" },
  { name: "help", short: "h" },
] as const;

/** Shows traces until a signal; returns the exit code. */
export async function traceCommand(args: readonly string[], streams: Streams): Promise<number> {
  const { options, words } = readOptions(args, OPTIONS);
  if (options.has("help")) return (streams.out.write(HELP), 0);
  if (words[0] !== undefined) throw new UsageError(`it takes no \`${words[0]}\``);
  const port = wholeNumber("--port", options.get("port")?.[0] ?? "9411", 0, 65_535);
  const limit = wholeNumber("--limit", options.get("limit")?.[0] ?? "200", 1, 100_000);
  const tell = options.has("json") ? printer(streams) : () => {};
  return run(() => view(port, new TraceStore(limit), tell, streams), { name: "ambit trace" });
}

function printer({ out }: Streams): (spans: readonly ViewSpan[]) => void {
  return (spans) => out.write(spans.map((span) => `${JSON.stringify(span)}\n`).join(""));
}

async function view(
  port: number,
  store: TraceStore,
  tell: (spans: readonly ViewSpan[]) => void,
  { err }: Streams,
): Promise<number> {
  await using received = signals("SIGINT", "SIGTERM");
  let server;
  try {
    server = await traceApp(store, tell).start({ port, host: "127.0.0.1" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    err.write(
      `ambit trace: cannot listen on port ${port}: ${code}; \`--port 0\` takes a free one\n`,
    );
    return 1;
  }
  err.write(`ambit trace: ${server.url}/ shows what comes to /api/v2/spans and /v1/traces\n`);
  await received.next();
  await server.close();
  return 0;
}
