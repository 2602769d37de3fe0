/*
 * Colours for what is printed: on a terminal that has them, and nowhere else.
 */

/** Something that text can be written to: a stream, maybe a terminal. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: whether it shows colours (`NO_COLOR` and `FORCE_COLOR` are obeyed there). */
  hasColors?(): boolean;
}

/** Paints words, or leaves them as they are. @internal */
export interface Ink {
  name(text: string): string;
  place(text: string): string;
  good(text: string): string;
  warning(text: string): string;
  alarm(text: string): string;
}

const same = (text: string): string => text;

/** @internal */
export const PLAIN: Ink = { name: same, place: same, good: same, warning: same, alarm: same };

function painter(on: number, off: number): (text: string) => string {
  return (text) => `\u001B[${on}m${text}\u001B[${off}m`;
}

const COLOURED: Ink = {
  name: painter(1, 22),
  place: painter(2, 22),
  good: painter(32, 39),
  warning: painter(33, 39),
  alarm: painter(31, 39),
};

/** @internal */
export function inkFor(output: TextOutput): Ink {
  return output.isTTY === true && output.hasColors?.() === true ? COLOURED : PLAIN;
}
