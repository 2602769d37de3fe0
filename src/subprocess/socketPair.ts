/*
 * A connected pair of sockets, which Node has no call for.
 *
 * Strategy: a server on a unix socket in a folder of its own, which nobody else can enter, takes one connection; then
 * both are removed, and the two ends stay. On Windows, a named pipe that nobody can guess.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";

/** @internal */
export type SocketPair = [near: Socket, far: Socket];

/** Makes two sockets that are connected with each other. A cancel leaves nothing open. @internal */
export async function connectPair(): Promise<SocketPair> {
  if (process.platform === "win32") return meet(`\\\\.\\pipe\\ambit-${randomUUID()}`);
  const folder = await protect(() => mkdtemp(join(tmpdir(), "ambit-")));
  try {
    return await meet(join(folder, "pair"));
  } finally {
    await protect(() => rm(folder, { recursive: true, force: true }));
  }
}

function meet(path: string): Promise<SocketPair> {
  const server = createServer({ pauseOnConnect: true });
  const meeting = new Meeting(server);
  return suspend<SocketPair>((wait) => meeting.begin(wait, path), undefined, "socket pair");
}

class Meeting {
  readonly #server: Server;
  #near: Socket | null = null;
  #far: Socket | null = null;
  #connected = false;

  constructor(server: Server) {
    this.#server = server;
  }

  begin(wait: Wait<SocketPair>, path: string): () => void {
    const failed = (error: unknown): void => {
      this.#end();
      wait.reject(error);
    };
    const met = (): void => {
      if (this.#far === null || !this.#connected) return;
      this.#server.close();
      this.#near?.off("error", failed);
      wait.resolve([this.#near as Socket, this.#far]);
    };
    this.#server.on("error", failed);
    this.#server.once("connection", (far: Socket) => {
      this.#far = far;
      met();
    });
    this.#server.listen(path, () => {
      this.#near = connect(path, () => {
        this.#connected = true;
        met();
      }).on("error", failed);
    });
    return () => this.#end();
  }

  #end(): void {
    this.#server.close();
    this.#near?.destroy();
    this.#far?.destroy();
  }
}
