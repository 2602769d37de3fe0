/*
 * The exchange by which the tests of this folder play a client: that it does as a real one does.
 */
import { createTask, getRunningLoop } from "ambit";
import { PayloadTooLarge } from "ambit/web";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { FakeExchange, fakeRequest } from "./fakeExchange.ts";

test("a fake exchange plays a request's body in pieces, as slowly as it is told", () =>
  runVirtual(async () => {
    const request = fakeRequest({ target: "/a?b=c", body: ["one", "two"], pieceDelay: 10 });
    expect([request.method, request.path, request.search]).toEqual(["POST", "/a", "?b=c"]);
    const began = getRunningLoop().time();
    expect(await request.text()).toBe("onetwo");
    expect(getRunningLoop().time() - began).toBe(30);
  }));

test("breaks off, and refuses what is too large", () =>
  runVirtual(async () => {
    await expect(fakeRequest({ body: "x", brokenOff: true }).bytes()).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    const exchange = new FakeExchange({ body: ["abc", "def"], length: null });
    exchange.incoming?.limit(5);
    await expect(exchange.incoming?.readAll()).rejects.toThrow(PayloadTooLarge);
  }));

test("records what is answered, and holds the writer when it is slow", () =>
  runVirtual(async () => {
    const exchange = new FakeExchange({ slow: true });
    exchange.inform(103, ["link", "</a>"]);
    exchange.begin(200, ["X-A", "1", "x-a", "2"]);
    expect(exchange.write("abc")).toBe(false);
    const drained = createTask(() => exchange.drained(), { eager: true });
    expect(drained.done()).toBe(false);
    exchange.takeAll();
    await drained;
    exchange.end(["t", "1"]);
    expect(exchange.log).toEqual(["inform 103", "begin 200", "write 3", "end"]);
    expect([exchange.status, exchange.header("x-a"), exchange.text]).toEqual([200, "1, 2", "abc"]);
    expect(exchange.trailersSent).toEqual(["t", "1"]);
    expect(() => exchange.send(200, [], null)).toThrow("send after the head");
  }));
