// The worker of poolifier's pool of processes in `executors.mjs`.
//
// CommonJS, since on Node.js 20 a module listens too late: what the pool says at first is lost, and the pool waits for ever.
const { ClusterWorker } = require("poolifier");

/** @param {{ a: number, b: number }} both */
function addBoth({ a, b }) {
  return a + b;
}

module.exports = new ClusterWorker(/** @type {any} */ ({ addBoth }));
