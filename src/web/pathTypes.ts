/*
 * What a path holds, as types: `"/users/:id<int>"` gives `{ id: number }`.
 *
 * Strategy: the path is read from left to right as `pathPattern.ts` reads it: up to a colon, then the name letter by
 * letter, then what stands in angle brackets. Only types; nothing here is there when a program runs.
 */
import type { ParameterType } from "./parameters.ts";

/** The types that are there without being registered, by name. */
export interface BuiltInParameters {
  /** `-?\d+`, within what a number holds exactly. */
  int: number;
  /** Decimal digits with at most one point. */
  number: number;
  /** Latin letters. */
  alpha: string;
  /** `[a-z0-9]+` joined by single hyphens. */
  slug: string;
  /** In lower case. */
  uuid: string;
  /** `YYYY-MM-DD`, as midnight in UTC. */
  date: Date;
  /** The ending of a file's name: Latin letters and digits. */
  ext: string;
  /** The rest of the path, slashes included. */
  path: string;
}

type Letter =
  | ("a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m")
  | ("n" | "o" | "p" | "q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z");
type NameCharacter =
  | Letter
  | Uppercase<Letter>
  | ("0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "_");

/** `[name, what follows it]`. */
type SplitName<Text extends string, Name extends string = ""> = Text extends `${infer C}${infer R}`
  ? C extends NameCharacter
    ? SplitName<R, `${Name}${C}`>
    : [Name, Text]
  : [Name, Text];

type ValueOf<Type extends string, Types> = Type extends keyof Types
  ? Types[Type] extends ParameterType<infer T>
    ? T
    : unknown
  : Type extends keyof BuiltInParameters
    ? BuiltInParameters[Type]
    : Type extends `re:${string}`
      ? string
      : unknown;

type AfterName<Split, Types> = Split extends [infer Name extends string, infer Rest extends string]
  ? Rest extends `<${infer Type}>${infer Tail}`
    ? { [K in Name]: ValueOf<Type, Types> } & Scan<Tail, Types>
    : { [K in Name]: string } & Scan<Rest, Types>
  : never;

type Scan<Path extends string, Types> = Path extends `${string}:${infer Rest}`
  ? AfterName<SplitName<Rest>, Types>
  : Path extends `${string}/*${infer Name}`
    ? { [K in Name extends "" ? "*" : Name]: string }
    : unknown;

type Flat<T> = { [K in keyof T]: T[K] };

/**
 * What `request.params` holds for a path. A path that is not written out gives `Record<string, unknown>`, a type that
 * is not known `unknown`.
 *
 * `Types` are a program's own parameter types; `Outer` is what prefixes hold.
 */
export type PathParams<Path extends string, Types = object, Outer = object> = string extends Path
  ? Record<string, unknown>
  : Flat<Outer & Scan<Path, Types>>;
