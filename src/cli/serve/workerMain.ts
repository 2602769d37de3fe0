/*
 * The entry of a worker process; `clusterFork.ts` starts it with the words of the command line.
 *
 * It ends the process, whatever the program has left open: all that is known of has been ended before.
 */
import { enableCompileCache } from "../compileCache.ts";

enableCompileCache();
const { runWorker } = await import("./workerProgram.ts");
const code = await runWorker(process.argv.slice(2));
// Closing the channel first sends what is left in it.
if (process.connected) process.disconnect();
process.exit(code);
