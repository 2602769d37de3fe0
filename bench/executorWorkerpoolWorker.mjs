// The worker of workerpool in `executors.mjs`.
import workerpool from "workerpool";
import { add, lengthOf, sha } from "./executorTasks.mjs";

workerpool.worker({ add, sha, lengthOf });
