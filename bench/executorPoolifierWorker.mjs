// The worker of poolifier in `executors.mjs`.
import { ThreadWorker } from "poolifier";
import { addBoth, lengthOf, sha } from "./executorTasks.mjs";

export default new ThreadWorker(/** @type {any} */ ({ addBoth, sha, lengthOf }));
