/*
 * `charfinder tcp`: a server for people at a terminal and for programs that write a line and read lines.
 */
import { type Event, isCancelled } from "ambit";
import { type Server, startServer, type StreamReader, type StreamWriter } from "ambit/streams";

import type { CharacterIndex } from "../search/characterIndex.ts";
import { Conversation, type ConversationLimits } from "./conversation.ts";

/** Where it listens, and what clients may do. */
export interface LineServerOptions extends Partial<ConversationLimits> {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
}

const LIMITS: ConversationLimits = { lineBytes: 1024, idleMs: 600_000, writeBytes: 16_384 };

/** How long clients may take to hear that the server shuts down, in milliseconds. */
const CLOSING_GRACE = 1000;

/**
 * Serves until it is told to stop; gives the number of clients that were told that it stops.
 *
 * **Cancellation:** stops, too.
 *
 * @param opened called when it listens
 * @throws Node's error when it cannot listen (`EADDRINUSE`, `EACCES`, …)
 */
export async function serveLines(
  index: CharacterIndex,
  options: LineServerOptions,
  stop: Event,
  opened: (server: Server) => void,
): Promise<number> {
  const { host, port, ...given } = options;
  const limits = { ...LIMITS, ...given };
  let told = 0;
  const converse = async (reader: StreamReader, writer: StreamWriter): Promise<void> => {
    const conversation = new Conversation(index, reader, writer, limits);
    try {
      await conversation.hold();
    } catch (error) {
      if (isCancelled(error) && conversation.sayShutDown()) told++;
      throw error;
    }
  };
  {
    await using server = await startServer(converse, { host, port, closingGrace: CLOSING_GRACE });
    opened(server);
    await stop.wait();
  }
  return told;
}
