/*
 * Words of progress on their way from a call to the thread that has its worker, wherever the call runs.
 */
import { tellWord } from "../futures/diagnostics.ts";
import { hearHome, homeSayer } from "../futures/homeWord.ts";

const NAME = "ambit.distributed.progress";

/** How far a call has come. @internal */
export interface ProgressWord {
  readonly id: string;
  readonly value: unknown;
}

/** @internal */
export function tellProgress(word: ProgressWord): void {
  const say = homeSayer(NAME);
  if (say === null) tellWord(NAME, word);
  else say(word);
}

/** Hears them, until what it gives is called. @internal */
export function hearProgress(heard: (word: ProgressWord) => void): () => void {
  return hearHome(NAME, (value) => heard(value as ProgressWord), true);
}
