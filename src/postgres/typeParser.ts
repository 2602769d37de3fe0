/*
 * What reads a value.
 */

/** Reads the text of one value. */
export type TypeParser = (text: string) => unknown;
