/*
 * A program that submits one call and waits for it: `node program.mjs '{"options": …, "file": …, "ms": …}'`.
 */
import { DistributedExecutor } from "ambit/distributed";
import { slow } from "./tasks.mjs";

const { options, file, ms } = JSON.parse(/** @type {string} */ (process.argv[2]));
const executor = new DistributedExecutor(options);
await executor.submit(slow, ms, file);
await executor.shutdown();
