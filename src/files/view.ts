/*
 * View: a part of a buffer, without a copy of it.
 *
 * Strategy: the class that `Buffer.subarray` makes its views with, which first looks at what it was given: on Node.js 20
 * that costs more than the view. The specification of the language has it that views are made by the species.
 * Limits: it looks at nothing but the bounds of the memory.
 */

interface Species {
  readonly [Symbol.species]: new (memory: ArrayBufferLike, at: number, length: number) => Buffer;
}

/** @internal */
export const View: Species[typeof Symbol.species] = (Buffer as unknown as Species)[Symbol.species];
