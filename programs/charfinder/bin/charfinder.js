#!/usr/bin/env node
// The `charfinder` command. It is plain JavaScript, and committed, because npm makes the link in
// node_modules/.bin only to a file that is there at install time, which is before the build.
await import("../dist/main.js");
