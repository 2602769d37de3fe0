/*
 * CancelRequest: how PostgreSQL is told to stop a statement (documentation, 55.2.9).
 *
 * It goes over a connection of its own, encrypted as the other one is, and has no answer: the server closes it when it
 * has passed the request on. What is sent on the first connection after that is not hit.
 */
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { pg, type RawClient } from "./driver.ts";

/**
 * Asks the server to stop what it does for the client; settles when the server has closed the connection.
 *
 * **Cancellation:** gives it up; whether the request arrives is then not known.
 *
 * @internal
 */
export function cancelRequest(client: RawClient): Promise<void> {
  return suspend<void>((wait) => send(wait, client), undefined, "CancelRequest");
}

function send(wait: Wait<void>, client: RawClient): () => void {
  const { host, port, ssl, sslNegotiation, processID, secretKey } = client;
  const connection = new (pg().Connection)({ ssl, sslNegotiation });
  const ask = (): void => connection.cancel(processID as number, secretKey as number);
  connection.on("connect", () => {
    if (!ssl) ask();
    else if (sslNegotiation !== "direct") connection.requestSsl();
  });
  connection.on("sslconnect", ask);
  connection.on("error", (error) => {
    wait.reject(error);
    connection.stream.destroy();
  });
  connection.once("end", () => wait.resolve());
  if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}` as never);
  else connection.connect(port, host);
  return () => connection.stream.destroy();
}
