// `npm run oracle`: random programs on CPython 3.14 and on Ambit; see docs/oracle.md.
import { setUp } from "./setup.mjs";

await setUp();
// Only now: it needs what set-up installs.
await import("../tests/oracle/start.mjs");
