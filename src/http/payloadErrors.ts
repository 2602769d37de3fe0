/*
 * Errors of a body: the head of the answer came, its body did not come as it should.
 */
import { ClientError } from "./errors.ts";

/** The head of the answer came, its body did not come whole. */
export class ClientPayloadError extends ClientError {
  override readonly name: string = "ClientPayloadError";
}

/** The body is not compressed as its head says, or broken. */
export class ContentDecodingError extends ClientPayloadError {
  override readonly name = "ContentDecodingError";
}

/** The body is bigger than the caller allowed. */
export class BodyTooLargeError extends ClientPayloadError {
  override readonly name = "BodyTooLargeError";
}
