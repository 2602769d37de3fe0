/*
 * Spans of statements that `ambit/postgres` and `ambit/mysql` send, and of commands of `ambit/redis`.
 *
 * Strategy: two channels of each tell of them; what they tell is by OpenTelemetry's conventions for database clients
 * already. Only inside a trace: a pool's own work and loops that poll would begin a trace of one span each.
 * Limits: parameters are in no span. A statement that writes its values into its text shows them.
 */
import { hearChannels } from "../core/hearChannels.ts";
import type { RedisCommandEvent } from "../redis/diagnostics.ts";
import type { StatementEvent } from "../sql/diagnostics.ts";
import type { AttributeList } from "./attributes.ts";
import type { Span } from "./span.ts";
import { ambientParent, suppresses, type Tracer } from "./tracer.ts";

/** How much of a statement's text is kept. */
const LONGEST_TEXT = 4096;

const OURS: unique symbol = Symbol("ambit.tracing");

type Ours<T> = T & { [OURS]?: Span };

/** Has spans made until what it gives is called. @internal */
export function traceDatabases(tracer: Tracer): () => void {
  const stops = [
    listen<StatementEvent>("ambit:sql.statement", (event) => statementSpan(event, tracer), finish),
    listen<RedisCommandEvent>("ambit:redis.command", (event) => commandSpan(event, tracer), end),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function listen<T extends StatementEvent | RedisCommandEvent>(
  channel: string,
  begin: (event: T) => Span | null,
  end: (span: Span, event: T) => void,
): () => void {
  const started = (message: unknown): void => {
    const span = begin(message as T);
    if (span !== null) (message as Ours<T>)[OURS] = span;
  };
  const ended = (message: unknown): void => {
    const span = (message as Ours<T>)[OURS];
    if (span !== undefined) end(span, message as T);
  };
  return hearChannels({ [`${channel}.started`]: started, [`${channel}.ended`]: ended });
}

function statementSpan(event: StatementEvent, tracer: Tracer): Span | null {
  const { operation, text, namespace } = event;
  const attributes: AttributeList = ["db.query.text", text.trim().slice(0, LONGEST_TEXT)];
  const name = namespace === undefined ? operation : `${operation} ${namespace}`;
  return clientSpan(name.trim() || event.system, event, attributes, tracer);
}

function commandSpan(event: RedisCommandEvent, tracer: Tracer): Span | null {
  const { operation, batchSize } = event;
  const attributes: AttributeList = batchSize > 1 ? ["db.operation.batch.size", batchSize] : [];
  return clientSpan(operation, event, attributes, tracer);
}

/** Null where nothing is traced. */
function clientSpan(
  name: string,
  event: StatementEvent | RedisCommandEvent,
  attributes: AttributeList,
  tracer: Tracer,
): Span | null {
  const parent = ambientParent();
  if (parent === null || suppresses(parent)) return null;
  const { system, operation, namespace, address, port } = event;
  attributes.push("db.system.name", system, "server.address", address);
  if (port !== undefined) attributes.push("server.port", port);
  if (operation !== "") attributes.push("db.operation.name", operation);
  if (namespace !== undefined) attributes.push("db.namespace", namespace);
  return tracer.start({
    name,
    kind: "client",
    attributes,
    links: [],
    parent,
    decision: null,
    join: false,
    root: false,
  });
}

function finish(span: Span, event: StatementEvent): void {
  if (span.recording && event.error === null && event.rows > 0)
    span.set("db.response.returned_rows", event.rows);
  end(span, event);
}

function end(span: Span, { error }: StatementEvent | RedisCommandEvent): void {
  if (span.recording && error !== null) {
    span.fail(error);
    const { code } = error as { code?: unknown };
    if (typeof code === "string") span.set("db.response.status_code", code);
  }
  span.end();
}
