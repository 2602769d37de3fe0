/*
 * Where events come from: Node's EventEmitters and the web's EventTargets, behind one face.
 *
 * Strategy: what has `on` and `off` is taken as an emitter, also where it could be a target too (a
 * MessagePort): emitters hand over the value itself. Listeners that belong together are attached
 * together or not at all, and detached by one call.
 * Limits: says nothing about scopes; Node calls a listener in the emitter's, so what is attached
 * here may only hand on.
 */
import type { EventEmitter } from "node:events";
import { wrongType } from "../core/arguments.ts";

/** What can be listened to. */
export type EventSource = EventEmitter | EventTarget;

/**
 * The arguments of an event, where the emitter names them; of a class that extends an emitter with names the compiler
 * knows the names alone.
 */
export type EventArguments<Events, Name extends keyof Events> = 0 extends 1 & Events[Name]
  ? unknown[]
  : Events[Name];

/** @internal */
export type EventName = string | symbol;

/** @internal */
export type Listener = (...args: unknown[]) => void;

/** Checks what a function of events was called with. @internal */
export function expectSource(source: unknown, name: unknown): void {
  if (typeof source !== "object" || source === null || !(isEmitter(source) || isTarget(source))) {
    throw wrongType("emitter", "an EventEmitter or an EventTarget", source);
  }
  expectEventName("name", name);
}

/** @internal */
export function expectEventName(parameter: string, name: unknown): void {
  if (typeof name === "string" || typeof name === "symbol") return;
  throw wrongType(parameter, "the name of an event", name);
}

function isEmitter(source: object): source is EventEmitter {
  const { on, off } = source as Partial<EventEmitter>;
  return typeof on === "function" && typeof off === "function";
}

function isTarget(source: object): source is EventTarget {
  const { addEventListener, removeEventListener } = source as Partial<EventTarget>;
  return typeof addEventListener === "function" && typeof removeEventListener === "function";
}

/** Listens to several events at once; returns what ends that. @internal */
export function attach(
  source: EventSource,
  listeners: Iterable<readonly [EventName, Listener]>,
): () => void {
  const attached: [EventName, Listener][] = [];
  const detach = (): void => {
    for (const [name, listener] of attached.splice(0)) remove(source, name, listener);
  };
  try {
    for (const [name, listener] of listeners) {
      add(source, name, listener);
      attached.push([name, listener]);
    }
  } catch (error) {
    detach();
    throw error;
  }
  return detach;
}

function add(source: EventSource, name: EventName, listener: Listener): void {
  if (isEmitter(source)) source.on(name, listener);
  else source.addEventListener(name as string, listener);
}

function remove(source: EventSource, name: EventName, listener: Listener): void {
  if (isEmitter(source)) source.off(name, listener);
  else source.removeEventListener(name as string, listener);
}

/** What an `error` event tells: the error itself, or one that has the event as its cause. @internal */
export function errorOf(told: unknown, waitedFor: EventName): unknown {
  if (told instanceof Error) return told;
  const { error } = (told ?? {}) as { readonly error?: unknown };
  if (error instanceof Error) return error;
  return new Error(`an 'error' event came while ${quoted(waitedFor)} was waited for`, {
    cause: told,
  });
}

/** `EventEmitter 'data'`, for diagnostics. @internal */
export function describeEvent(source: EventSource, name: EventName): string {
  return `${source.constructor?.name || "emitter"} ${quoted(name)}`;
}

function quoted(name: EventName): string {
  return typeof name === "symbol" ? String(name) : `'${name}'`;
}
