/**
 * What an operation on files fails with, which is to be looked at.
 */
import { FileError } from "ambit/files";
import { expect } from "vitest";

export async function failureOf(work: Promise<unknown>): Promise<FileError> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
}
