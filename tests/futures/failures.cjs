// The same from CommonJS.
class NoPaper extends Error {
  /** @override */
  name = "NoPaper";
  sheets = 0;
}
exports.NoPaper = NoPaper;
exports.print = function print() {
  throw new NoPaper("out of paper");
};
exports.double = (/** @type {number} */ x) => x * 2;
