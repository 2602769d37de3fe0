/*
 * What a mock has to say about a test that is wrong. Not a ClientError: a program that handles those
 * should not handle this.
 */

/**
 * A request came that no route of a {@link MockTransport} expected, or one that was expected did not
 * come.
 */
export class MockError extends Error {
  override readonly name: string = "MockError";
}
