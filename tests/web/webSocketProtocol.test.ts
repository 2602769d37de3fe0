/**
 * RFC 6455 as a table: frames by hand, right and wrong ones, over a real socket to an echo server, so in real time.
 *
 * Numbers in brackets are those of Autobahn's cases, where it has one. Every case lists all that the server may send until
 * it ends the connection.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  binary,
  chopped,
  close,
  CLOSE,
  frame,
  type FrameInit,
  more,
  noise,
  ping,
  pong,
  RawClient,
  short,
  text,
} from "./webSocketFrames.ts";
import { WebSocketHost } from "./webSocketHost.ts";

const bye = close(1000);
const BYE = "close 1000";
const WRONG = ["close 1002"];
const NOT_UTF8 = ["close 1007"];

/** What is sent: a string stands for an answer that is waited for before the next is sent. */
type Sent = readonly (Uint8Array | string)[];
type Case = readonly [title: string, sent: Sent, answers: readonly string[]];

let host: WebSocketHost;
beforeAll(async () => {
  host = await WebSocketHost.start(async (socket) => {
    for await (const message of socket) await socket.send(message);
  });
});
afterAll(() => host.stop());

async function play(sent: Sent): Promise<string[]> {
  await using client = await RawClient.open(host.port);
  expect(client.status).toBe(101);
  const waited: string[] = [];
  let last = 0;
  for (const [at, piece] of sent.entries()) {
    if (typeof piece !== "string") continue;
    await client.send(...(sent.slice(last, at) as Uint8Array[]));
    waited.push(await client.next());
    last = at + 1;
  }
  const rest = client.rest();
  await client.send(...(sent.slice(last) as Uint8Array[]));
  return [...waited, ...(await rest)];
}

function all(cases: readonly Case[]): void {
  test.each(cases)("%s", async (_title, sent, answers) => {
    expect(await play(sent)).toEqual(answers);
  });
}

/** All frames in one piece of the network's. */
const glued = (...frames: readonly Uint8Array[]): Uint8Array[] => [Buffer.concat(frames)];
/** Byte by byte. */
const dripped = (...frames: readonly Uint8Array[]): Uint8Array[] =>
  chopped(Buffer.concat(frames), 1);
const start: FrameInit = { fin: false };

describe("messages of every length are echoed", () => {
  const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 200_000];
  const numbers = ["1", "", "2", "3", "4", "5", "6", "7", ""];
  all(
    lengths.flatMap((length, at): Case[] => {
      const letters = "*".repeat(length);
      const bytes = noise(length);
      const [one, two] =
        numbers[at] === "" ? ["", ""] : [` [1.1.${numbers[at]}]`, ` [1.2.${numbers[at]}]`];
      return [
        [
          `text of ${length} bytes${one}`,
          [text(letters), bye],
          [`text ${short(letters)}`.trimEnd(), BYE].map((w) => (w === "text" ? "text " : w)),
        ],
        [
          `binary of ${length} bytes${two}`,
          [binary(bytes), bye],
          [`binary ${short(bytes.toString("hex"))}`, BYE],
        ],
      ];
    }),
  );
  const letters = "*".repeat(65_536);
  all([
    [
      "in pieces of 997 bytes [1.1.8]",
      chopped(Buffer.concat([text(letters), bye]), 997),
      [`text ${short(letters)}`, BYE],
    ],
    [
      "the length in two bytes where one would do",
      [text("abc", { lengthBytes: 2 }), bye],
      ["text abc", BYE],
    ],
    [
      "the length in eight bytes where one would do",
      [text("abc", { lengthBytes: 8 }), bye],
      ["text abc", BYE],
    ],
    ["a mask of zeros", [text("abc", { mask: Buffer.alloc(4) }), bye], ["text abc", BYE]],
  ]);
});

describe("pings and pongs", () => {
  const payload = "p".repeat(125);
  all([
    ["a ping without payload is answered [2.1]", [ping(), bye], ["pong", BYE]],
    ["with its payload [2.2]", [ping("hello"), bye], ["pong hello", BYE]],
    [
      "which may be no UTF-8 [2.3]",
      [ping(Buffer.from([0, 0xff, 0xfe, 0xfd])), bye],
      ["pong \0\xff\xfe\xfd", BYE],
    ],
    ["of 125 bytes [2.4]", [ping(payload), bye], [`pong ${payload}`, BYE]],
    ["but not of 126 [2.5]", [ping(`${payload}p`, { lengthBytes: 2 })], WRONG],
    ["a ping byte by byte [2.6]", [...dripped(ping(payload)), bye], [`pong ${payload}`, BYE]],
    ["a pong that nobody asked for is ignored [2.7]", [pong(), bye], [BYE]],
    ["with a payload too [2.8]", [pong("unsolicited"), bye], [BYE]],
    ["and one that looks like an answer", [pong(Buffer.alloc(8, 0x40)), bye], [BYE]],
    ["a ping behind it is answered [2.9]", [pong("x"), ping("y"), bye], ["pong y", BYE]],
    [
      "ten pings are answered in order [2.10]",
      glued(...[..."0123456789"].map((n) => ping(n)), bye),
      [...[..."0123456789"].map((n) => `pong ${n}`), BYE],
    ],
    [
      "also byte by byte [2.11]",
      dripped(...[..."0123456789"].map((n) => ping(n)), bye),
      [...[..."0123456789"].map((n) => `pong ${n}`), BYE],
    ],
  ]);
});

describe("reserved bits must be clear", () => {
  all([
    ["RSV3 of a text [3.1]", [text("*", { rsv: 1 })], WRONG],
    [
      "RSV2, behind a good text [3.2]",
      [text("*"), "echo", ...glued(text("*", { rsv: 2 }), ping())],
      ["text *", ...WRONG],
    ],
    [
      "RSV2 and RSV3, frame by frame [3.3]",
      [text("*"), "echo", text("*", { rsv: 3 }), ping()],
      ["text *", ...WRONG],
    ],
    [
      "RSV1, without compression, byte by byte [3.4]",
      [text("*"), "echo", ...dripped(text("*", { rsv: 4 }))],
      ["text *", ...WRONG],
    ],
    ["RSV1 and RSV3 of a binary message [3.5]", [binary("*", { rsv: 5 })], WRONG],
    ["RSV1 and RSV2 of a ping [3.6]", [ping("*", { rsv: 6 })], WRONG],
    ["all three of a close [3.7]", [close(1000, "", { rsv: 7 })], WRONG],
    ["RSV1 of a continuation", [text("a", start), more("b", { rsv: 4 })], WRONG],
  ]);
});

describe("reserved opcodes", () => {
  const NUMBERS: Readonly<Record<number, string>> = {
    3: "4.1.1",
    4: "4.1.2",
    5: "4.1.3",
    6: "4.1.4",
    7: "4.1.5",
    11: "4.2.1",
    12: "4.2.2",
    13: "4.2.3",
    14: "4.2.4",
    15: "4.2.5",
  };
  all(
    Object.entries(NUMBERS).map(([opcode, number]): Case => [
      `${opcode} is refused, behind a text that is echoed [${number}]`,
      [text("a"), "echo", ...glued(frame(Number(opcode), "b"), ping())],
      ["text a", ...WRONG],
    ]),
  );
});

describe("fragments", () => {
  const pieces = ["fragment1", "fragment2"] as const;
  const two = [text(pieces[0], start), more(pieces[1])] as const;
  const BOTH = "text fragment1fragment2";
  const withPing = [two[0], ping("p"), two[1]] as const;
  all([
    ["a ping must be whole [5.1]", [ping("a", start), more("b")], WRONG],
    ["a pong too [5.2]", [pong("a", start), more("b")], WRONG],
    ["a close too", [close(1000, "", start)], WRONG],
    ["two of a text are one message [5.3]", [...two, bye], [BOTH, BYE]],
    ["in one piece [5.4]", glued(...two, bye), [BOTH, BYE]],
    ["byte by byte [5.5]", dripped(...two, bye), [BOTH, BYE]],
    ["a ping between them is answered at once [5.6]", [...withPing, bye], ["pong p", BOTH, BYE]],
    ["in one piece [5.7]", glued(...withPing, bye), ["pong p", BOTH, BYE]],
    ["byte by byte [5.8]", dripped(...withPing, bye), ["pong p", BOTH, BYE]],
    ["a continuation of nothing, and the last [5.9]", [more("x"), text("y")], WRONG],
    ["in one piece [5.10]", glued(more("x"), text("y")), WRONG],
    ["byte by byte [5.11]", dripped(more("x"), text("y")), WRONG],
    ["a continuation of nothing, and not the last [5.12]", [more("x", start), text("y")], WRONG],
    ["in one piece [5.13]", glued(more("x", start), text("y")), WRONG],
    ["byte by byte [5.14]", dripped(more("x", start), text("y")), WRONG],
    [
      "a continuation behind the last one [5.15]",
      [...two, "echo", more("x", start), more("y")],
      [BOTH, ...WRONG],
    ],
    ["text within a text [5.18]", [text("a", start), text("b")], WRONG],
    ["binary within a text", [text("a", start), binary("b")], WRONG],
    [
      "five fragments with pings between them [5.19]",
      [
        text("1", start),
        more("2", start),
        ping("a"),
        more("3", start),
        more("4", start),
        ping("b"),
        more("5"),
        bye,
      ],
      ["pong a", "pong b", "text 12345", BYE],
    ],
    [
      "also in one piece [5.20]",
      glued(
        text("1", start),
        more("2", start),
        ping("a"),
        more("3", start),
        more("4", start),
        ping("b"),
        more("5"),
        bye,
      ),
      ["pong a", "pong b", "text 12345", BYE],
    ],
    [
      "a binary message in fragments",
      [binary(Buffer.from([1]), start), more(Buffer.from([2])), bye],
      ["binary 0102", BYE],
    ],
    [
      "empty ones are nothing [6.1.2]",
      [text("", start), more("", start), more(""), bye],
      ["text ", BYE],
    ],
    [
      "empty ones around a full one [6.1.3]",
      [text("", start), more("middle", start), more(""), bye],
      ["text middle", BYE],
    ],
    [
      "a message in a thousand fragments [10.1.1]",
      glued(
        text("0", start),
        ...Array.from({ length: 998 }, () => more("*", start)),
        more("1"),
        bye,
      ),
      [`text ${short(`0${"*".repeat(998)}1`)}`, BYE],
    ],
  ]);
});

describe("text must be UTF-8", () => {
  const kosme = Buffer.from("κόσμε");
  const good: readonly [string, string, string][] = [
    ["Greek [6.5.1]", "cebae1bdb9cf83cebcceb5", "6.5.1"],
    ["the first of two bytes [6.7.2]", "c280", ""],
    ["the first of three [6.7.3]", "e0a080", ""],
    ["the first of four [6.7.4]", "f0908080", ""],
    ["the last of one [6.9.1]", "7f", ""],
    ["the last of two [6.9.2]", "dfbf", ""],
    ["the last of three [6.9.3]", "efbfbf", ""],
    ["the last of four [6.9.4]", "f48fbfbf", ""],
    ["below the surrogates [6.11.1]", "ed9fbf", ""],
    ["above the surrogates [6.11.2]", "ee8080", ""],
    ["the replacement character [6.11.3]", "efbfbd", ""],
    ["a non-character [6.22.1]", "efbfbe", ""],
    ["a byte order mark in its middle", "61efbbbf62", ""],
  ];
  const bad: readonly [string, string][] = [
    ["above U+10FFFF [6.4.1]", "cebae1bdb9cf83cebcceb5f4908080656469746564"],
    ["a lead byte without the rest [6.6.1]", "ce"],
    ["two of three bytes [6.6.7]", "cebae1bd"],
    ["five bytes, first [6.8.1]", "f888808080"],
    ["six bytes, first [6.8.2]", "fc8480808080"],
    ["above the last of four [6.10.1]", "f7bfbfbf"],
    ["a continuation byte alone [6.12.1]", "80"],
    ["the last continuation byte [6.12.2]", "bf"],
    ["two of them [6.12.3]", "80bf"],
    ["lead bytes of two, each before a space [6.13.1]", "c020c120c220"],
    ["a lead of three before a space [6.14.2]", "e080"],
    ["a lead of four, cut [6.14.3]", "f08080"],
    ["FE [6.16.1]", "fe"],
    ["FF [6.16.2]", "ff"],
    ["a slash in two bytes, overlong [6.17.1]", "c0af"],
    ["a slash in three [6.17.2]", "e080af"],
    ["a slash in four [6.17.3]", "f08080af"],
    ["the longest overlong of two [6.18.1]", "c1bf"],
    ["the longest overlong of three [6.18.2]", "e09fbf"],
    ["the longest overlong of four [6.18.3]", "f08fbfbf"],
    ["NUL in two bytes [6.19.1]", "c080"],
    ["NUL in three [6.19.2]", "e08080"],
    ["a high surrogate [6.20.1]", "eda080"],
    ["the last high one [6.20.2]", "edadbf"],
    ["a low surrogate [6.20.5]", "edb080"],
    ["the last low one [6.20.7]", "edbfbf"],
    ["a pair of surrogates [6.21.1]", "eda080edb080"],
    ["the last pair [6.21.8]", "edafbfedbfbf"],
  ];
  all(
    good.map(([title, hex]): Case => {
      const bytes = Buffer.from(hex, "hex");
      return [title, [text(bytes), bye], [`text ${bytes.toString()}`, BYE]];
    }),
  );
  all(
    bad.map(([title, hex]): Case => [
      `refused: ${title}`,
      [text(Buffer.from(hex, "hex"))],
      NOT_UTF8,
    ]),
  );
  const wrong = Buffer.from("cebae1bdb9cf83cebcceb5eda080656469746564", "hex");
  all([
    [
      "split between characters [6.2.2]",
      [text("Hello-µ@ßöä", start), more("üàá-UTF-8!!"), bye],
      ["text Hello-µ@ßöäüàá-UTF-8!!", BYE],
    ],
    [
      "split within a character [6.2.3]",
      [
        text(kosme.subarray(0, 1), start),
        ...chopped(kosme.subarray(1, -1), 1).map((one) => more(one, start)),
        more(kosme.subarray(-1)),
        bye,
      ],
      ["text κόσμε", BYE],
    ],
    [
      "refused: each byte a fragment [6.3.2]",
      [
        text(wrong.subarray(0, 1), start),
        ...chopped(wrong.subarray(1, -1), 1).map((one) => more(one, start)),
        more(wrong.subarray(-1)),
      ],
      NOT_UTF8,
    ],
    [
      "refused: a character that the last fragment does not end",
      [text(Buffer.from([0xe2, 0x82]), start), more("")],
      NOT_UTF8,
    ],
    [
      "binary messages may hold anything",
      [binary(Buffer.from([0xff, 0xc0])), bye],
      ["binary ffc0", BYE],
    ],
  ]);
});

describe("closing", () => {
  const reason = "*".repeat(123);
  all([
    ["what came before is answered [7.1.1]", glued(text("hi"), bye), ["text hi", BYE]],
    ["a second close is ignored [7.1.2]", glued(bye, close(1001)), [BYE]],
    ["a ping behind it too [7.1.3]", glued(bye, ping("late")), [BYE]],
    ["and a text [7.1.4]", glued(bye, text("late")), [BYE]],
    ["and the rest of a message [7.1.5]", glued(text("half", start), bye, more("half")), [BYE]],
    ["and what breaks the protocol", glued(bye, frame(3, "x", { rsv: 7 })), [BYE]],
    [
      "a large message before it is echoed [7.1.6]",
      glued(text("*".repeat(262_144)), bye, ping()),
      [`text ${short("*".repeat(262_144))}`, BYE],
    ],
    ["without a code [7.3.1]", [frame(CLOSE)], ["close"]],
    ["with half a code [7.3.2]", [frame(CLOSE, "a")], WRONG],
    ["with a code [7.3.3]", [bye], [BYE]],
    ["with a reason [7.3.4]", [close(1000, "Hello, world!")], ["close 1000 Hello, world!"]],
    ["with the longest reason [7.3.5]", [close(1000, reason)], [`close 1000 ${reason}`]],
    ["with a longer one [7.3.6]", [close(1000, `${reason}*`, { lengthBytes: 2 })], WRONG],
    [
      "with a reason that is no UTF-8 [7.5.1]",
      [close(1000, Buffer.from("eda080", "hex"))],
      NOT_UTF8,
    ],
    [
      "with a reason that is cut within a character",
      [close(1000, Buffer.from("e282", "hex"))],
      NOT_UTF8,
    ],
  ]);
  const valid = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ];
  const invalid = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
  all(
    valid.map((code): Case => [`code ${code} is answered [7.7]`, [close(code)], [`close ${code}`]]),
  );
  all(invalid.map((code): Case => [`code ${code} is refused [7.9, 7.13]`, [close(code)], WRONG]));
});

describe("frames of a client", () => {
  const bare = { masked: false };
  all([
    ["must be masked: a text (RFC 6455, section 5.1)", [text("x", bare)], WRONG],
    ["a binary message", [binary("x", bare)], WRONG],
    ["a ping", [ping("x", bare)], WRONG],
    ["a close", [close(1000, "", bare)], WRONG],
    ["a continuation", [text("a", start), more("b", bare)], WRONG],
    ["the second of two", [text("a"), "echo", text("b", bare)], ["text a", ...WRONG]],
    [
      "a length with its highest bit set",
      [text("x", { lengthBytes: 8, length: 1n << 63n })],
      ["close 1009"],
    ],
    [
      "a length of more than numbers hold",
      [binary("x", { lengthBytes: 8, length: 1n << 60n })],
      ["close 1009"],
    ],
    [
      "a message of a byte more than 1 MiB, before it has come [9]",
      [frame(2, "x", { lengthBytes: 8, length: 2 ** 20 + 1 })],
      ["close 1009"],
    ],
    [
      "one whose fragments are that long together",
      glued(binary(noise(2 ** 19), start), more(noise(2 ** 19), start), more("x")),
      ["close 1009"],
    ],
  ]);

  test("a message of exactly 1 MiB is echoed", async () => {
    const bytes = noise(2 ** 20);
    const answers = await play([binary(bytes), bye]);
    expect(answers).toEqual([`binary ${short(bytes.toString("hex"))}`, BYE]);
  });

  test("what comes in the same piece as the handshake is not lost", async () => {
    await using client = await RawClient.open(host.port, {}, Buffer.concat([text("first"), bye]));
    expect(await client.rest()).toEqual(["text first", BYE]);
  });

  test("a client that closes its side without a close frame is let go", async () => {
    await using client = await RawClient.open(host.port);
    client.writer.writeEof();
    expect(await client.rest()).toEqual([]);
  });

  test("a client that ends in the middle of a frame is let go", async () => {
    await using client = await RawClient.open(host.port);
    await client.send(text("unfinished").subarray(0, 7));
    client.writer.writeEof();
    expect(await client.rest()).toEqual([]);
  });
});
