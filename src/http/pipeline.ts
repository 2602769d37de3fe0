/*
 * What a call goes through when there is more to it than one exchange: its signal, traces, retries,
 * and per attempt redirects and middlewares.
 */
import { CancelScope } from "../core/cancelScope.ts";
import { obey } from "../core/outsideSignal.ts";
import { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import type { Connector } from "./connector.ts";
import type { ClientResponse } from "./response.ts";
import { retried } from "./retry.ts";
import { TraceRun } from "./traceRun.ts";

/** Performs a call that is not plain. @internal */
export function performed(call: Call, connector: Connector): Promise<ClientResponse> {
  return obeying(call.signal, () => attempted(call, connector));
}

/** Follows the redirect that a plain call was answered with; `deadline` is that of its exchange. @internal */
export function followed(
  call: Call,
  connector: Connector,
  response: ClientResponse,
  deadline: number,
): Promise<ClientResponse> {
  const attempt = new Attempt(call, connector, 1, null);
  attempt.deadline = deadline;
  return obeying(call.signal, () => attempt.follow(call.request(1), response));
}

function attempted(call: Call, connector: Connector): Promise<ClientResponse> {
  const { traces, traceContext, retry } = call;
  const trace = traces.length === 0 ? null : new TraceRun(traces, traceContext);
  const attempt = (number: number): Promise<ClientResponse> =>
    new Attempt(call, connector, number, trace).run();
  return retry === null ? attempt(1) : retried(call, retry, connector, attempt);
}

/** Between the exchanges, too, the signal is obeyed: in a pause, in a middleware. */
async function obeying<T>(signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
  if (signal === undefined) return body();
  signal.throwIfAborted();
  const scope = new CancelScope();
  const disobey = obey(signal, () => scope.cancel("the signal was aborted"));
  try {
    const { cancelledCaught, value } = await scope.run(body);
    if (cancelledCaught) throw signal.reason ?? new Error("aborted");
    return value;
  } finally {
    disobey();
  }
}
