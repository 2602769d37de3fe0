/*
 * statusPage: a handler that shows what all processes of an application have counted.
 *
 * Strategy: nothing is gathered until somebody looks. Who may look is decided before anything else, and who may not gets
 * the answer of a page that does not exist. What changes something is off unless asked for, comes by POST, and from no
 * other site's page.
 * Limits: a proxy on this machine that says nothing of its clients makes all of them look like this machine's: have such a
 * proxy leave the path out, or give `allow`.
 */
import { expectFunction, outOfRange } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { csrf } from "./csrf.ts";
import type { Handler } from "./handler.ts";
import { BadRequest, NotFound } from "./httpError.ts";
import { html, json, redirect } from "./replies.ts";
import type { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";
import type { SharedCounters } from "./sharedCounters.ts";
import { STATUS_POLICY, statusHtml } from "./statusHtml.ts";
import { statusReport } from "./statusReport.ts";
import type { ServeOrder } from "./workerLink.ts";

/** Who may see a status page, and what it can do. */
export interface StatusPageOptions {
  /** Who may see it. Default: a browser on this machine that asks for `localhost` or its address, without a proxy. */
  readonly allow?: (request: ServerRequest) => boolean | PromiseLike<boolean>;
  /** Whether `restart`, `more` and `fewer` are taken, by POST. Default false. */
  readonly orders?: boolean;
  /** How often the page is asked for again, in milliseconds; at least 1,000. Default 2,000. */
  readonly refresh?: number;
  /** Its title. Default `Application`. */
  readonly title?: string;
}

/**
 * A page for people with what all workers have counted; JSON for who does not ask for HTML. Whoever may not see it gets a
 * 404. For its orders, register it for POST, too.
 *
 * @throws RangeError or TypeError for an option that makes no sense
 *
 * @example
 * ```ts
 * import { Application, sharedCounters, statusPage } from "ambit/web";
 *
 * const app = new Application();
 * const page = statusPage(sharedCounters(app), { allow: () => true });
 * app.get("/status", page);
 * const response = await app.fetch(new Request("http://localhost/status"));
 * const { workers } = (await response.json()) as { workers: unknown[] };
 * workers.length; // => 1
 * ```
 */
export function statusPage(counters: SharedCounters, options: StatusPageOptions = {}): Handler {
  const { allow = isLocal, orders = false, refresh = 2000, title = "Application" } = options;
  expectFunction("options.allow", allow);
  if (!(refresh >= 1000)) throw outOfRange("options.refresh", "at least 1000", refresh);
  const guard = csrf();
  const show = async ({ headers }: ServerRequest): Promise<Reply> => {
    const workers = await counters.gather();
    const report = statusReport(title, getRunningLoop().wallTime(), workers);
    const init = { "cache-control": "no-store", "content-security-policy": STATUS_POLICY };
    if (!/\btext\/html\b/i.test(headers.get("accept") ?? ""))
      return json(report, { headers: init });
    const seconds = Math.round(refresh / 1000);
    return html(statusHtml(report, seconds, orders && counters.supervised), { headers: init });
  };
  return async (anyRequest) => {
    const request = anyRequest as unknown as ServerRequest;
    if (!(await allow(request))) throw new NotFound();
    if (request.method !== "POST") return show(request);
    if (!orders) throw new NotFound();
    return guard(request, async () => {
      await counters.order(await orderOf(request));
      return redirect(request.path, { status: 303 });
    });
  };
}

async function orderOf(request: ServerRequest): Promise<ServeOrder> {
  const order = new URLSearchParams(await request.text()).get("order");
  if (order === "restart" || order === "more" || order === "fewer") return order;
  throw new BadRequest("`order` must be restart, more or fewer");
}

const FORWARDING = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** From this machine, and not by way of a proxy, nor by the name of a stranger (DNS rebinding). */
function isLocal({ peer, headers, host }: ServerRequest): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return (
    isLoopback(peer.address) &&
    // In memory there is no port: whoever called `fetch` may have it from anywhere.
    peer.port > 0 &&
    (name === "localhost" || isLoopback(name.replace(/^\[|\]$/g, ""))) &&
    !FORWARDING.some((each) => headers.has(each))
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}
