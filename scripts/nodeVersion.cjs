// Stops with one line where Node.js is too old for Ambit.
//
// Preloaded with `node -r`, so that it runs before a newer file is even parsed: it is CommonJS and keeps to the syntax
// of the oldest Node that npm scripts may meet. The version needed is read from package.json, its only home.
"use strict";

var needed = /\d+\.\d+\.\d+/.exec(require("../package.json").engines.node)[0];

function isOlder(version, than) {
  var a = version.split(".").map(Number);
  var b = than.split(".").map(Number);
  for (var i = 0; i < 3; i++) if (a[i] !== b[i]) return a[i] < b[i];
  return false;
}

if (isOlder(process.versions.node, needed)) {
  console.error("Ambit needs Node.js " + needed + " or newer; this is " + process.version + ".");
  process.exit(1);
}
