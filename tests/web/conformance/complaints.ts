/*
 * Plays a row against a server, and tells what it did otherwise.
 */
import { RawClient } from "./rawClient.ts";
import { type Expected, get, type Row } from "./row.ts";
import type { Answer } from "./strictAnswers.ts";

/** What the server that listens on `port` did otherwise than the row says; empty when all is as it should be. */
export async function complaints(row: Row, port: number): Promise<string[]> {
  const client = await RawClient.open(port, row.methods);
  try {
    return await played(row, client);
  } catch (error) {
    return [(error as Error).message];
  } finally {
    client.destroy();
  }
}

async function played(row: Row, client: RawClient): Promise<string[]> {
  const found: string[] = [];
  const early = await client.send([row.send].flat());
  if (row.waits === true && early > 0) found.push("answered before the request was whole");
  if (row.then === "finished") client.finish();
  for (const [index, expected] of row.answers.entries()) {
    const answer = await client.answer();
    const wrong = compared(index + 1, answer, expected);
    if (wrong.length > 0 && expectedOf(expected).optional === true) client.putBack(answer);
    else found.push(...wrong);
  }
  if (found.length > 0 || row.then === "any") return found;
  return row.then === "kept" ? probed(client) : ended(client);
}

/** The next request must be served, and nothing come before its answer. */
async function probed(client: RawClient): Promise<string[]> {
  await client.send([get("/probe")]);
  const answer = await client.answer();
  if (answer === null) return ["the connection was not kept"];
  return answer.body === "probe" ? [] : [`unexpected answer: ${shown(answer)}`];
}

async function ended(client: RawClient): Promise<string[]> {
  const rest = await client.closed();
  const found = rest === "" ? [] : [`unexpected bytes: ${JSON.stringify(rest)}`];
  return client.reset ? [...found, "the connection was reset"] : found;
}

function compared(index: number, answer: Answer | null, wanted: Row["answers"][number]): string[] {
  const expected = expectedOf(wanted);
  if (answer === null) return [`closed without answer ${index}, a ${String(expected.status)}`];
  const wrong = [
    ...differs("status", answer.status, [expected.status].flat()),
    ...matches("body", answer.body, expected.body),
    ...Object.entries(expected.headers ?? {}).flatMap(([name, value]) =>
      matches(name, answer.headers[name] ?? null, value),
    ),
  ];
  const { trailers = {} } = expected;
  for (const [name, value] of Object.entries(trailers))
    wrong.push(...matches(`trailer ${name}`, answer.trailers[name] ?? null, value));
  return wrong.map((each) => `answer ${index}: ${each} in ${shown(answer)}`);
}

function differs(what: string, got: number, wanted: readonly number[]): string[] {
  return wanted.includes(got) ? [] : [`${what} ${got}, not ${wanted.join(" or ")}`];
}

/** `undefined` matches anything; null what isn't there. */
function matches(
  what: string,
  got: string | null,
  wanted: string | RegExp | null | undefined,
): string[] {
  if (wanted === undefined) return [];
  const right = wanted instanceof RegExp ? wanted.test(got ?? "") : got === wanted;
  return right ? [] : [`${what} ${JSON.stringify(got)}, not ${String(wanted)}`];
}

function expectedOf(wanted: Row["answers"][number]): Expected {
  return typeof wanted === "object" && "status" in wanted ? wanted : { status: wanted };
}

function shown({ status, headers, body }: Answer): string {
  return JSON.stringify({ status, headers, body: body.slice(0, 200) });
}
