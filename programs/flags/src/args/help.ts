/*
 * The texts that teach how to use the program. The lines of the help fit into 80 columns.
 */

export const usage =
  "usage: flags [CC…] [options], or flags compare [CC…] [options]; see flags --help";

export const help = `Downloads flags of countries, many at a time, and shows how much that helps.

Usage: flags [CC…] [options]           download flags into a folder
       flags compare [CC…] [options]   time all engines on the same flags

Which flags (the 20 most populous countries, if you say nothing)
  CC                   codes such as BR, or a first letter: B is BA to BZ
  -a, --all            all flags there are (256)
  -e, --every          every possible code, AA to ZZ; most have no flag
  -l, --limit N        only the first N codes, in alphabetical order
      --size N         width in pixels: 100, 250 or 1000 (default 250)
      --meta           fetch facts about each country too, name files by country

From where
  -s, --server NAME    LOCAL   answers at once (default)
                       DELAY   answers after 1 second
                       ERROR   a quarter of answers fail, half are 0.5 s late
                       REMOTE  another server, with --base-url
      --base-url URL   flags are at URL/br/br.png, facts at
                       URL/br/metadata.json; or give a whole URL: in it,
                       {cc} or {CC} is the code, {size} is the width
      --seed N         which answers of ERROR fail, to be repeated (default 1)

How
  -m, --max-req N      requests in flight, 1 to 1000 (default 30, REMOTE 5)
      --engine NAME    sequential      one flag after another
                       threads         worker threads, 32 at most
                       async           tasks of Ambit (default)
                       async-executor  tasks, with a worker thread to save files
                       distributed     workers on other machines, see README
      --redis URL      for distributed (default redis://localhost:6379)

Where to, and what to say
  -o, --output DIR     folder for the files (default downloads)
  -v, --verbose        a line for each flag, and the causes of errors
      --json           one JSON object on standard output, and nothing else
  -h, --help           this text
      --version        the version

Examples
  flags BR IN ZA                   three flags
  flags B --meta                   BA to BZ, as Brazil.png, Brazil.json, …
  flags -a -s DELAY -m 50          256 answers of a second each, in 6 seconds
  flags -a -s ERROR -v --seed 7    what goes wrong, and why; again with seed 7
  flags -a --json | jq .counts     the tally, for a script
  flags compare -l 5               how long each engine takes for five flags

Ctrl-C stops at once: complete files stay, nothing half-written is left.
Exit codes: 0 all is well ("not found" is an answer), 1 errors, 2 wrong usage,
130 Ctrl-C.
`;
