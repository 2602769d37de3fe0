/*
 * What is asked for: a query, and which part of what it finds. Read from the query of a URL, the same for page, stream
 * and JSON.
 */
import { BadRequest } from "ambit/web";

/** A query and a page of its results. */
export interface SearchRequest {
  readonly query: string;
  /** How many results are skipped. */
  readonly start: number;
  readonly limit: number;
}

/** The longest query, in UTF-16 units. */
export const LONGEST_QUERY = 200;

export const DEFAULT_LIMIT = 50;
const MOST = 1000;
/** There are fewer characters. */
const LAST_START = 0x110000;

/** @throws BadRequest when it cannot be carried out, with the parameter that is to blame in `details` */
export function readSearch(parameters: URLSearchParams): SearchRequest {
  const query = parameters.get("query") ?? "";
  if (query.length > LONGEST_QUERY)
    throw refusal("query", `the query is longer than ${LONGEST_QUERY} characters`);
  return {
    query,
    start: wholeNumber(parameters, "start", 0, 0, LAST_START),
    limit: wholeNumber(parameters, "limit", DEFAULT_LIMIT, 1, MOST),
  };
}

/** As `readSearch`, for programs, who have to say what they look for. */
export function readSearchOfProgram(parameters: URLSearchParams): SearchRequest {
  const search = readSearch(parameters);
  if (search.query.trim() === "")
    throw refusal("query", "the query is missing: say ?query=cat+face");
  return search;
}

/** The address of a page. */
export function pageAddress({ query, start }: Omit<SearchRequest, "limit">): string {
  const parameters = new URLSearchParams({ query, ...(start > 0 && { start: String(start) }) });
  return `/?${parameters.toString()}`;
}

function wholeNumber(
  parameters: URLSearchParams,
  name: string,
  missing: number,
  least: number,
  most: number,
): number {
  const text = parameters.get(name);
  if (text === null || text === "") return missing;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw refusal(name, `${name} must be a whole number from ${least} to ${most}`);
}

function refusal(parameter: string, message: string): BadRequest {
  return new BadRequest(message, { details: { parameter } });
}
