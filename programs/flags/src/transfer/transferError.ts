/*
 * From what HTTP clients throw to a cause in words.
 */
/**
 * A request did not end in a usable answer. The message is the cause in a few words, the same
 * words whichever HTTP client met it, so that the engines can be compared.
 */
export class TransferError extends Error {
  override readonly name = "TransferError";
}

/**
 * Puts what an HTTP client threw into words. Clients wrap and rename the same few things, so the
 * chain of causes is searched for a code that tells.
 *
 * @param answered whether the head of an answer had come: then it is the body that broke off
 */
export function transferError(error: unknown, answered: boolean): TransferError {
  return new TransferError(words(codeOf(error), answered) ?? messageOf(error), { cause: error });
}

function words(code: string | undefined, answered: boolean): string | undefined {
  switch (code) {
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return answered ? "the answer broke off halfway" : "the connection was reset";
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "there is no such host";
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "no answer in time";
    default:
      return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && words(code, false) !== undefined) return code;
    if (at.name.endsWith("TimeoutError")) return "ETIMEDOUT";
    // Node tries all addresses of a host and gathers what each said.
    if (at instanceof AggregateError) return codeOf(at.errors[0]);
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
