/*
 * WebForm: what spans of requests have in common: those for one route, asked for in one way under one name of the server.
 *
 * Limits: a client makes up what it calls the server, so of each route so many names are remembered, and then forgotten,
 * all at once. To make a form costs as much as a span.
 */
import type { MatchedRoute, ServerRequest } from "../web/request.ts";
import type { AttributeList } from "./attributes.ts";
import { hostAndPort, knownMethod, withoutSecrets } from "./httpAttributes.ts";
import { type PlacedValues, SpanForm } from "./spanForm.ts";
import type { SpanStart } from "./spanSource.ts";

/** What differs from request to request; what is set at the end stands first, for it is looked for. */
const PLACES: readonly string[] = [
  "http.response.status_code",
  "url.path",
  "url.query",
  "user_agent.original",
  "network.peer.address",
  "network.peer.port",
  "client.address",
  "http.request.method_original",
];

/** One whose method is none that is known. */
function valuesOfOther(request: ServerRequest): PlacedValues {
  const values = valuesOf(request);
  values[PLACES.indexOf("http.request.method_original")] = request.method;
  return values;
}

function valuesOf(request: ServerRequest): PlacedValues {
  const { exchange, search, app } = request;
  const { peer } = exchange;
  const { address } = peer;
  const ip = app.proxies === null ? address : request.ip;
  return [
    undefined,
    request.path,
    search === "" ? undefined : withoutSecrets(search.slice(1)),
    userAgentIn(exchange.rawHeaders),
    address === "" ? undefined : address,
    address === "" ? undefined : peer.port,
    ip === "" ? undefined : ip,
    undefined,
  ];
}

const USER_AGENT = "user-agent";

function userAgentIn(raw: readonly string[]): string | undefined {
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    if (name.length !== USER_AGENT.length) continue;
    // As almost everybody writes it: to make something lower-case costs more than all of this.
    if (name === "User-Agent" || name.toLowerCase() === USER_AGENT) return raw[at + 1];
  }
  return undefined;
}

const MOST_AUTHORITIES = 64;

class WebForm extends SpanForm {
  readonly authority: string;
  readonly secure: boolean;
  readonly version: string;
  /** Of the first span of a trace that nobody has decided about, as most are. */
  readonly usual: SpanStart;

  constructor(name: string, request: ServerRequest) {
    super(name, "server", steadyOf(request), PLACES);
    const { peer, httpVersion } = request.exchange;
    this.authority = request.authority;
    this.secure = peer.secure;
    this.version = httpVersion;
    const values = knownMethod(request.method) === null ? valuesOfOther : valuesOf;
    const whose = { parent: null, decision: null, join: false, root: true };
    this.usual = { name, kind: "server", attributes: values, form: this, links: [], ...whose };
  }
}

/** The forms for one method and route. */
class RouteForms {
  /** Made once, so that who has a name has it without looking at its characters. */
  readonly #name: string;
  /** Most requests are like the one before. */
  #last: WebForm | null = null;
  readonly #forms = new Map<string, WebForm>();

  constructor(method: string, path: string | null) {
    this.#name = path === null ? method : `${method} ${path}`;
  }

  of(request: ServerRequest): WebForm {
    const { authority, exchange } = request;
    const { peer, httpVersion } = exchange;
    const last = this.#last;
    const isSame =
      last !== null &&
      last.authority === authority &&
      last.secure === peer.secure &&
      last.version === httpVersion;
    return isSame ? last : (this.#last = this.#other(request));
  }

  #other(request: ServerRequest): WebForm {
    const { authority, exchange } = request;
    const key = `${exchange.httpVersion} ${exchange.peer.secure} ${authority}`;
    const known = this.#forms.get(key);
    if (known !== undefined) return known;
    if (this.#forms.size >= MOST_AUTHORITIES) this.#forms.clear();
    const made = new WebForm(this.#name, request);
    this.#forms.set(key, made);
    return made;
  }
}

/** By method and route; of what has no route by method. */
const routes = new Map<string, Map<string, RouteForms>>();
const NO_ROUTE = "";

let lastMethod = "";
let lastRoute: MatchedRoute | null = null;
let last: RouteForms | null = null;

/** @internal */
export function formOf(request: ServerRequest): WebForm {
  const { method, route } = request;
  if (last === null || route !== lastRoute || method !== lastMethod) {
    last = formsFor(knownMethod(method) ?? "HTTP", route?.path ?? NO_ROUTE);
    lastMethod = method;
    lastRoute = route;
  }
  return last.of(request);
}

function formsFor(method: string, path: string): RouteForms {
  let ofMethod = routes.get(method);
  if (ofMethod === undefined) routes.set(method, (ofMethod = new Map()));
  let forms = ofMethod.get(path);
  if (forms === undefined)
    ofMethod.set(path, (forms = new RouteForms(method, path === NO_ROUTE ? null : path)));
  return forms;
}

function steadyOf(request: ServerRequest): AttributeList {
  const { exchange, route, authority } = request;
  const { peer, httpVersion } = exchange;
  const list: AttributeList = [
    "http.request.method",
    knownMethod(request.method) ?? "_OTHER",
    "url.scheme",
    peer.secure ? "https" : "http",
    "network.protocol.version",
    httpVersion === "2.0" ? "2" : httpVersion,
  ];
  if (route !== null) list.push("http.route", route.path);
  if (authority === "") return list;
  const [server, port] = hostAndPort(authority);
  list.push("server.address", server);
  if (port !== null) list.push("server.port", port);
  return list;
}
