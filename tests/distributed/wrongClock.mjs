/*
 * Makes the clock of a process wrong: `CLOCK_WRONG=3600000 node --import ./wrongClock.mjs …` is an hour ahead. At SIGUSR2 it
 * jumps by as much as `CLOCK_JUMP` says.
 */
const RightDate = Date;
let wrong = Number(process.env["CLOCK_WRONG"] ?? 0);
process.on("SIGUSR2", () => (wrong += Number(process.env["CLOCK_JUMP"] ?? 0)));

const now = () => RightDate.now() + wrong;
globalThis.Date = new Proxy(RightDate, {
  construct: (_, args, target) =>
    Reflect.construct(RightDate, args.length === 0 ? [now()] : args, target),
  get: (_, key) => (key === "now" ? now : Reflect.get(RightDate, key)),
});
