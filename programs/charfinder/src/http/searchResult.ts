/*
 * A page of what a query finds, with how long that took.
 */
import type { Character } from "../search/character.ts";
import type { CharacterIndex } from "../search/characterIndex.ts";
import type { SearchRequest } from "./searchRequest.ts";

export interface SearchResult extends SearchRequest {
  /** How many there are in all. */
  readonly count: number;
  readonly elapsedMs: number;
  readonly characters: readonly Character[];
  /** Where the next page starts; null after the last one. */
  readonly next: number | null;
}

/** Looks it up. */
export function searchFor(index: CharacterIndex, request: SearchRequest): SearchResult {
  const began = performance.now();
  const matches = index.find(request.query);
  const elapsedMs = Math.round((performance.now() - began) * 1000) / 1000;
  const { start, limit } = request;
  const characters = matches.page(start, limit).map((each) => index.character(each));
  const next = start + limit < matches.count ? start + limit : null;
  return { ...request, count: matches.count, elapsedMs, characters, next };
}
