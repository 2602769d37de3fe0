/*
 * What spans say of what was thrown: OpenTelemetry's attributes of exceptions, and ours of cancels.
 */
import { CancelledError } from "../core/errors.ts";

/** An error's class, as OpenTelemetry's `error.type`. @internal */
export function typeName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return error.name === "" ? "Error" : error.name;
}

/** The attributes of the event `exception`. @internal */
export function exceptionAttributes(error: unknown): Record<string, string> {
  const attributes: Record<string, string> = { "exception.type": typeName(error) };
  if (error instanceof Error) {
    attributes["exception.message"] = error.message;
    if (error.stack !== undefined) attributes["exception.stacktrace"] = error.stack;
  } else attributes["exception.message"] = String(error);
  return attributes;
}

/** Why something was cancelled, in words; null when nobody said. @internal */
export function cancelReason(error: unknown): string | null {
  const reason = error instanceof CancelledError ? error.reason : undefined;
  const words = reason instanceof Error ? reason.message : reason;
  return typeof words === "string" ? words : null;
}
