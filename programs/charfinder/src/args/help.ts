/*
 * The texts that teach how to use the program. The lines of the help fit into 80 columns.
 */

export const usage =
  "usage: charfinder query WORDS | tcp [options] | http [options]; see charfinder --help";

export const help = `Finds characters by the words of their Unicode names.

Usage: charfinder query WORDS [options]   print what is found
       charfinder tcp [options]           answer lines: for netcat and telnet
       charfinder http [options]          answer browsers, and programs by JSON

A query is words in any case, all of which have to be in the name or in another
name of the character: "cat face" finds U+1F431 CAT FACE and nine more.
  fac*                 any word that begins so
  U+1F408              that code point; also 0x1F408
  🐈                   that character; in a longer text, each of its characters
  block:box-drawing    the blocks that have these words in their names

Options of query
  -l, --limit N        print only the first N (default: all)
  -j, --json           one JSON object with everything known of each
  -c, --count          print how many there are, and nothing else
      --time           say on standard error how long it took

Options of tcp and http
  -H, --host HOST      where to listen (default 127.0.0.1; 0.0.0.0: everywhere)
  -p, --port PORT      default 2323 for tcp, 8000 for http; 0 for a free one

  -h, --help           this text
      --version        the version, and that of Unicode

Examples
  charfinder query cat face            ten cats
  charfinder query cjk 4E00            by code point, for those without a name
  charfinder query 'hangul ga*' -c     how many syllables begin with GA
  charfinder query '¿Qué?'             what is in a text
  charfinder tcp                       then: printf 'dog\\n' | nc localhost 2323
  charfinder http                      then open http://localhost:8000/

Ctrl-C stops a server: it tells its clients, and says how many it told.
Exit codes: 0 found, or a server that was stopped; 1 nothing found, or a server
that cannot listen; 2 wrong usage.
`;
