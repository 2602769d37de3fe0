/*
 * Colours by meaning, not by name, so that no other file decides whether there is colour at all.
 */
import { styleText } from "node:util";

/** Words in colour, or plain where colour is of no use. */
export interface Palette {
  /** The character itself. */
  character(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

/**
 * The palette for a stream: colours on a terminal that has them, none in a pipe or a file, and none when NO_COLOR or
 * TERM=dumb ask for that (which Node's own `hasColors` knows).
 */
export function paletteFor(stream: { readonly isTTY?: boolean; hasColors?(): boolean }): Palette {
  const isColoured = stream.isTTY === true && stream.hasColors?.() === true;
  const ink =
    (colour: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      isColoured ? styleText(colour, text, { validateStream: false }) : text;
  return { character: ink("yellow"), faint: ink("dim"), strong: ink("bold") };
}
