/*
 * Fetches with Ambit's HTTP client. There is no signal to pass on: a task that is cancelled while it
 * waits here closes its request.
 */
import type { ClientSession } from "ambit/http";
import { isCancelled } from "ambit";

import type { Answer } from "./answer.ts";
import { transferError } from "./transferError.ts";

/**
 * Fetches a URL through a session.
 *
 * @throws {@link TransferError} when no whole answer came
 */
export async function sessionGet(session: ClientSession, url: string): Promise<Answer> {
  let answered = false;
  try {
    const response = await session.get(url);
    answered = true;
    return { status: response.status, body: await response.bytes() };
  } catch (error) {
    throw isCancelled(error) ? error : transferError(error, answered);
  }
}
