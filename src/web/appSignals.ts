/*
 * AppSignals: something has happened, by name: who listens is called, who waits goes on (Sanic's signals).
 *
 * Names are words with dots between them, `user.signup`; a listener may write `*` for any one word. Listeners of one
 * dispatch run side by side, in a task group: the first failure is the dispatcher's.
 */
import { expectFunction, outOfRange, wrongType } from "../core/arguments.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { taskGroup } from "../core/taskGroup.ts";

/** What was told with a signal. */
export type SignalContext = Readonly<Record<string, unknown>>;

/** Called at each dispatch. */
export type SignalHandler = (context: SignalContext, name: string) => unknown;

interface Listening {
  readonly words: readonly string[];
  readonly handle: SignalHandler;
}

interface Waiting {
  readonly words: readonly string[];
  readonly wait: Wait<SignalContext>;
}

/** @internal */
export class AppSignals {
  readonly #listening: Listening[] = [];
  #waiting: Waiting[] = [];

  /** Whether anybody would hear of one. */
  get used(): boolean {
    return this.#listening.length > 0 || this.#waiting.length > 0;
  }

  on(name: string, handle: SignalHandler): void {
    expectFunction("handler", handle);
    this.#listening.push({ words: wordsOf(name), handle });
  }

  /** Wakes who waits, calls who listens, and waits for those. */
  async dispatch(name: string, context: SignalContext): Promise<void> {
    const words = wordsOf(name);
    if (words.includes("*")) throw outOfRange("name", "the name of one signal, without `*`", name);
    const woken = this.#waiting.filter((each) => matches(each.words, words));
    this.#waiting = this.#waiting.filter((each) => !woken.includes(each));
    for (const { wait } of woken) wait.resolve(context);
    const heard = this.#listening.filter((each) => matches(each.words, words));
    if (heard.length === 0) return;
    await taskGroup((group) => {
      for (const { handle } of heard) group.spawn(async () => handle(context, name), { name });
    });
  }

  /** Waits for the next one. */
  next(name: string): Promise<SignalContext> {
    const words = wordsOf(name);
    return suspend<SignalContext, AppSignals>(
      (wait) => {
        this.#waiting.push({ words, wait });
        return () => void (this.#waiting = this.#waiting.filter((each) => each.wait !== wait));
      },
      this,
      `event ${name}`,
    );
  }
}

function wordsOf(name: unknown): readonly string[] {
  if (typeof name !== "string")
    throw wrongType("name", "the name of a signal, such as `user.signup`", name);
  const words = name.split(".");
  if (words.includes(""))
    throw outOfRange("name", "words with dots between them, such as `user.signup`", name);
  return words;
}

function matches(wanted: readonly string[], words: readonly string[]): boolean {
  return (
    wanted.length === words.length &&
    wanted.every((word, index) => word === "*" || word === words[index])
  );
}
