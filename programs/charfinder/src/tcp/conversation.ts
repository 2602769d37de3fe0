/*
 * Conversation: one client of the line protocol, from the greeting to the goodbye.
 *
 * Two tasks in a group: one reads what the client sends, the other answers line by line. So a Ctrl-C is heard while a long
 * answer is being sent, and stops it. Lines wait in a short queue; when it is full, nothing more is read. An answer is
 * sent a line at a time, each waiting until the client has taken most of those before: a slow client holds up nobody
 * else, and takes no more memory than the write limit. One that takes nothing for too long, or says nothing, is left.
 */
import {
  CancelScope,
  isCancelled,
  Queue,
  QueueShutDown,
  taskGroup,
  timeout,
  TimeoutError,
} from "ambit";
import type { StreamReader, StreamWriter } from "ambit/streams";

import { countWords } from "../screen/countWords.ts";
import { resultLine } from "../screen/resultLine.ts";
import type { CharacterIndex } from "../search/characterIndex.ts";
import { type Happening, LineInput } from "./lineInput.ts";

/** What a client may do. */
export interface ConversationLimits {
  /** The longest line, in bytes. */
  readonly lineBytes: number;
  /** How long a client may say nothing, or take nothing of an answer, in milliseconds. */
  readonly idleMs: number;
  /** How many bytes may wait to be sent until an answer waits, too. */
  readonly writeBytes: number;
}

export const PROMPT = "?> ";

/** How many lines may wait to be answered. */
const LINES_AHEAD = 16;
/** Lines of an answer that are sent between two looks at the clock. */
const LINES_AT_A_TIME = 64;
const READ_BYTES = 4096;

/** How a conversation ended. */
export type Ending = "goodbye" | "idle" | "gone";

export class Conversation {
  readonly #index: CharacterIndex;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #limits: ConversationLimits;
  readonly #input: LineInput;
  readonly #lines = new Queue<Happening>(LINES_AHEAD);
  /** The answer that is being sent. */
  #answering: CancelScope | null = null;

  constructor(
    index: CharacterIndex,
    reader: StreamReader,
    writer: StreamWriter,
    limits: ConversationLimits,
  ) {
    this.#index = index;
    this.#reader = reader;
    this.#writer = writer;
    this.#limits = limits;
    this.#input = new LineInput(limits.lineBytes);
    writer.transport.setWriteBufferLimits({ high: limits.writeBytes });
  }

  /**
   * Answers until the client has had enough.
   *
   * **Cancellation:** ends it; {@link sayShutDown} may be called then.
   */
  async hold(): Promise<Ending> {
    try {
      await taskGroup(async (group) => {
        void group.spawn(() => this.#listen());
        await this.#answerAll();
        group.cancel();
      });
      return "goodbye";
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (error instanceof TimeoutError) return this.#leave();
      if (isLoss(error)) return "gone";
      throw error;
    }
  }

  /** Tells the client that nobody will answer any more; whether it was there to be told. */
  sayShutDown(): boolean {
    if (this.#writer.isClosing()) return false;
    this.#say("", "server is shutting down");
    return true;
  }

  /** Reads until the client has nothing more to say. */
  async #listen(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.#reader.read(READ_BYTES);
        const isEnd = bytes.length === 0;
        const happenings = isEnd ? this.#input.finish() : this.#input.push(bytes);
        for (const happening of happenings) await this.#hear(happening);
        if (isEnd) return;
      }
    } finally {
      this.#lines.shutdown();
    }
  }

  async #hear(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case "reply":
        this.#writer.write(happening.bytes);
        return;
      case "interrupt":
        if (this.#answering === null) this.#say("", PROMPT, false);
        else this.#answering.cancel("interrupted by the client");
        return;
      case "line":
      case "too long":
      case "end":
        await this.#lines.put(happening);
    }
  }

  async #answerAll(): Promise<void> {
    this.#say(
      `charfinder: Unicode ${this.#index.version}, ${countWords(this.#index.assigned, "character")}.`,
    );
    this.#say("Words of a name, such as `cat face`; an empty line or Ctrl-D ends.");
    for (;;) {
      this.#say(PROMPT, false);
      await this.#sent();
      const next = await this.#nextLine();
      if (next === null || next.kind === "end") return;
      if (next.kind === "too long")
        this.#say(`the line is longer than ${this.#limits.lineBytes} bytes`);
      else if (next.kind !== "line" || next.text.trim() === "") return;
      else await this.#answer(next.text);
    }
  }

  /** The next line; null when there will be none. */
  async #nextLine(): Promise<Happening | null> {
    try {
      return await timeout(this.#limits.idleMs, () => this.#lines.get());
    } catch (error) {
      if (error instanceof QueueShutDown) return null;
      throw error;
    }
  }

  async #answer(query: string): Promise<void> {
    const scope = new CancelScope();
    this.#answering = scope;
    try {
      const { cancelledCaught } = await scope.run(() => this.#sendMatches(query));
      if (cancelledCaught) this.#say("", "─── stopped");
    } finally {
      this.#answering = null;
    }
  }

  async #sendMatches(query: string): Promise<void> {
    const matches = this.#index.find(query);
    for (let start = 0; start < matches.count; start += LINES_AT_A_TIME) {
      const page = matches.page(start, LINES_AT_A_TIME);
      await timeout(this.#limits.idleMs, async () => {
        for (const codePoint of page) {
          this.#say(resultLine(this.#index.character(codePoint)));
          await this.#writer.drain();
        }
      });
    }
    this.#say(`─── ${countWords(matches.count, "match")} for '${plain(query)}'`);
  }

  #sent(): Promise<void> {
    return timeout(this.#limits.idleMs, () => this.#writer.drain());
  }

  /** One that is silent hears why; one that takes nothing would never hear it. */
  #leave(): Ending {
    const { transport } = this.#writer;
    if (transport.bufferedBytes > 0) transport.abort();
    else this.#say("", "closing: nothing heard for too long");
    return "idle";
  }

  /** Lines; or, with `false` behind it, a text without an end. */
  #say(...words: [...lines: string[], last: string | false]): void {
    const isOpen = words.at(-1) === false;
    const lines = (isOpen ? words.slice(0, -1) : words) as string[];
    this.#writer.write(lines.join(this.#input.newline) + (isOpen ? "" : this.#input.newline));
  }
}

/** What was typed, without what would not stay on its line. */
function plain(text: string): string {
  return text.trim().replaceAll(/\p{C}/gu, "");
}

/** The client has gone, in whatever way. */
function isLoss(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNRESET" || code === "EPIPE" || code === "ETIMEDOUT";
}
