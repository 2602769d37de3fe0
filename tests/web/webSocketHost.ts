/**
 * An application with one WebSocket at `/`, listening on loopback, and what became of its exchanges.
 */
import {
  type AnswerRecord,
  Application,
  type ApplicationOptions,
  type RunningApplication,
  webSocket,
  type WebSocketHandler,
  type WebSocketOptions,
} from "ambit/web";

export class WebSocketHost implements AsyncDisposable {
  readonly app: Application;
  readonly server: RunningApplication;
  readonly records: AnswerRecord[];

  private constructor(app: Application, server: RunningApplication, records: AnswerRecord[]) {
    this.app = app;
    this.server = server;
    this.records = records;
  }

  static async start(
    handler: WebSocketHandler,
    options: WebSocketOptions = {},
    appOptions: ApplicationOptions = {},
  ): Promise<WebSocketHost> {
    const app = new Application({}, appOptions);
    const records: AnswerRecord[] = [];
    app.onAnswer((record) => records.push(record));
    app.get("/", webSocket(handler, options));
    const server = await app.start({ host: "127.0.0.1", port: 0 });
    return new WebSocketHost(app, server, records);
  }

  get port(): number {
    return this.server.port;
  }

  stop(): Promise<void> {
    return this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Waits, a turn of the event loop at a time, until something holds; gives the milliseconds that took. */
export async function until(holds: () => boolean, patience = 2000): Promise<number> {
  const begin = performance.now();
  while (!holds()) {
    if (performance.now() - begin > patience) throw new Error(`still not so: ${holds.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now() - begin;
}
