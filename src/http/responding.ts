/*
 * From what came, over the network or from a transport, to the response that the caller gets.
 *
 * Everything that is done with the head of every answer is here: cookies are learned, also from a
 * redirect or a 401, and the response is made.
 */
import type { BodySource } from "./bodySource.ts";
import type { Call } from "./call.ts";
import { ClientResponse } from "./response.ts";
import type { ResponseHead } from "./responseHead.ts";

/** @internal */
export function responded(
  call: Call,
  head: ResponseHead,
  source: BodySource,
  history?: readonly ClientResponse[],
): ClientResponse {
  call.settings.cookies?.learn(head.url, head.headers);
  return new ClientResponse(head, source, history, call.reading);
}
