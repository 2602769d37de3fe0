/*
 * An application with what a public one should have: sessions, a login with a limit, protection from other sites' pages,
 * security headers, ids, and a line for each exchange.
 *
 * `node examples/secureApp.ts` sends it a few requests and shows what becomes of them; with a port it serves.
 */
import { run } from "ambit";
import {
  Application,
  Blueprint,
  csrf,
  html,
  NONCE,
  rateLimit,
  redirect,
  requestId,
  safeEqual,
  securityHeaders,
  type SessionState,
  sessions,
  Unauthorized,
} from "ambit/web";

interface Output {
  write(text: string): unknown;
}

interface Visit {
  name?: string;
}

const KEYS = process.env["SESSION_KEY"] ?? "for this example only: thirty-two bytes";

/** Three tries, then one every twenty seconds, for each address. */
const account = new Blueprint<object, SessionState<Visit>, "/account">({ urlPrefix: "/account" });
account.use(rateLimit({ limit: 3, name: "login" }));
account.post("/login", async (request) => {
  const form = new URLSearchParams(await request.text());
  if (!safeEqual(form.get("password") ?? "", "swordfish")) throw new Unauthorized("Form");
  const { session } = request.state;
  // Whoever knew the visitor's id before is left behind.
  session.regenerate();
  session.data.name = form.get("name") ?? "nobody";
  return redirect("/");
});

export function secureApp(out: Output): Application {
  const app = new Application({}, { trustProxy: "loopback", debug: false });
  app.onAnswer(({ request, status }) => {
    const site = request.headers.get("sec-fetch-site") ?? "curl";
    out.write(`${request.method} ${request.path} (${site}): ${status}\n`);
  });
  app
    .use(requestId())
    .use(securityHeaders({ csp: { "script-src": [NONCE] } }))
    .use(csrf())
    .use(sessions<Visit>({ keys: KEYS, encrypt: true }))
    .register(account)
    .get("/", ({ state }) => {
      const { name = "stranger" } = state.session.data;
      // A name comes from outside: as text it can do no harm, whatever it is.
      const script = `document.querySelector("p").append(${JSON.stringify(name).replaceAll("<", "\\u003c")})`;
      return html(`<p>Hello, <script nonce="${state.nonce}">${script}</script>`);
    });
  return app;
}

/** A browser with one cookie. */
async function demonstrate(out: Output): Promise<void> {
  const app = secureApp(out);
  let cookie = "";
  const send = async (path: string, site: string, form?: string): Promise<Response> => {
    const headers = { "sec-fetch-site": site, cookie };
    const init = form === undefined ? { headers } : { headers, method: "POST", body: form };
    const answer = await app.fetch(new Request(`https://shop.example${path}`, init));
    cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? cookie;
    return answer;
  };
  await send("/", "none");
  await send("/account/login", "cross-site", "name=Eve&password=swordfish");
  await send("/account/login", "same-origin", "name=Ada&password=swordfish");
  const page = await (await send("/", "same-origin")).text();
  out.write(`she is known: ${page.includes('"Ada"')}\n`);
  for (let guess = 0; guess < 3; guess++)
    await send("/account/login", "same-origin", `name=Ada&password=${guess}`);
}

/** @param port where to serve until Ctrl-C; left out, it is shown and ends */
export async function main(out: Output, port?: number): Promise<void> {
  await run(() => (port === undefined ? demonstrate(out) : secureApp(out).serve({ port })));
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * GET / (none): 200
 * POST /account/login (cross-site): 403
 * POST /account/login (same-origin): 302
 * GET / (same-origin): 200
 * she is known: true
 * POST /account/login (same-origin): 401
 * POST /account/login (same-origin): 401
 * POST /account/login (same-origin): 429
 */
