// Stops with one line where Node.js is too old for Ambit.
//
// Preloaded with `node -r`, so that it runs before a newer file is even parsed: it is CommonJS and
// keeps to the syntax of the oldest Node that npm scripts may meet. The version needed is read from
// package.json, its only home.
"use strict";

var needed = require("../package.json").engines.node.replace(">=", "");

/** @param {string} version @param {string} than */
function isOlder(version, than) {
  var a = version.split(".");
  var b = than.split(".");
  for (var i = 0; i < 3; i++) if (a[i] !== b[i]) return Number(a[i]) < Number(b[i]);
  return false;
}

if (isOlder(process.versions.node, needed)) {
  console.error("Ambit needs Node.js " + needed + " or newer; this is " + process.version + ".");
  process.exit(1);
}
