/*
 * Who awaits whom, and where: the task tree and the call graph of a small program, as they print.
 *
 * Three pages are fetched by three tasks of a group; all of them need the login, which is a task of
 * its own. In debug mode each wait knows the line of the code that waits. At the end two tasks
 * await each other, which no amount of time would end; both pictures name the circle.
 */
import {
  createTask,
  formatCallGraph,
  formatTaskTree,
  run,
  sleep,
  type Task,
  taskGroup,
  timeout,
} from "ambit";

interface Output {
  write(text: string): unknown;
}

async function askForToken(): Promise<string> {
  await sleep(400);
  return "token";
}

async function logIn(): Promise<string> {
  return await askForToken();
}

async function fetchPage(login: Task<string>, page: string): Promise<string> {
  const token = await login;
  await sleep(10);
  return `${page} for ${token}`;
}

async function fetchAll(login: Task<string>, out: Output): Promise<void> {
  await taskGroup(async (group) => {
    group.spawn(() => fetchPage(login, "news"), { name: "news" });
    group.spawn(() => timeout(5000, () => fetchPage(login, "mail")), { name: "mail" });
    group.spawn(() => sleep(400), { name: "progress bar" });
    await sleep(10);
    out.write(`The task tree\n${formatTaskTree()}\n\n`);
    out.write(`The call graph of the login\n${formatCallGraph(login)}\n\n`);
  });
}

async function goRoundInCircles(out: Output): Promise<void> {
  const hen: Task<void> = createTask(async () => await egg, { name: "hen" });
  const egg: Task<void> = createTask(async () => await hen, { name: "egg" });
  await sleep(1);
  out.write(`Two tasks that await each other\n${formatTaskTree()}\n\n${formatCallGraph(hen)}\n`);
  hen.cancel();
}

export async function main(out: Output): Promise<void> {
  async function program(): Promise<void> {
    await fetchAll(createTask(logIn, { name: "login" }), out);
    await goRoundInCircles(out);
  }
  await run(program, { debug: true });
}

// Node 24 and later run this file as it is; `npm run example callGraph` does on any version.
if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * The task tree
 * ├─ main  running
 * │  └─ <TaskGroup open tasks=3>
 * │     ├─ news  await(login), at examples/callGraph.ts:33
 * │     ├─ mail  await(login), deadline in … ms, at examples/callGraph.ts:33
 * │     └─ progress bar  sleep(400), at examples/callGraph.ts:42
 * └─ login  sleep(400), at examples/callGraph.ts:24
 *
 * The call graph of the login
 * * task 'login'
 *   + call stack
 *   |   examples/callGraph.ts:24 in askForToken
 *   |   examples/callGraph.ts:29 in logIn
 *   + awaited by
 *     * task 'news'
 *       + call stack
 *       |   examples/callGraph.ts:33 in fetchPage
 *       |   examples/callGraph.ts:40
 *       + awaited by
 *         * task 'main'
 *           + call stack
 *           |   examples/callGraph.ts:45
 *           |   examples/callGraph.ts:39 in …fetchAll
 *           |   examples/callGraph.ts:59 in …program
 *     * task 'mail'
 *       + call stack
 *       |   examples/callGraph.ts:33 in fetchPage
 *       |   examples/callGraph.ts:41
 *       |   examples/callGraph.ts:41
 *       + awaited by
 *         * task 'main' (see above)
 *
 * Two tasks that await each other
 * ├─ main  running
 * ├─ hen  await(egg), at examples/callGraph.ts:50
 * └─ egg  await(hen), at examples/callGraph.ts:51
 * cycle: hen -> egg -> hen
 *
 * * task 'hen'
 *   + call stack
 *   |   examples/callGraph.ts:50
 *   + awaited by
 *     * task 'egg'
 *       + call stack
 *       |   examples/callGraph.ts:51
 *       + awaited by
 *         * cycle: hen -> egg -> hen
 */
