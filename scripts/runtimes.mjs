// `node scripts/runtimes.mjs`: brings Bun and Deno from npm into `tests/runtimes`, for the test that has them answer by an
// application's `fetch`. Without them that test says that it was skipped.
import { setUpFolder } from "./setup.mjs";

await setUpFolder("tests/runtimes");
