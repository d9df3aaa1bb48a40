import type { RequestOptions } from './http.js';

/** What every list answers beside its items. */
export interface Page {
  total: number;
  /** Give it as `cursor` for the next page; null on the last. */
  nextCursor: string | null;
  /** There are more than `total` says: filtered lists count to 10 000. */
  totalIsMinimum?: true;
}

/** Which part of a list. `offset` and `cursor` exclude each other. */
export interface PageParams {
  /** 1 to 200, 50 by default. */
  limit?: number;
  offset?: number;
  cursor?: string;
}

/** What an iterator takes in place of `PageParams`: the size of the pages that it asks for. */
export interface IterateParams {
  limit?: number;
}

/** All items of a list, page after page as they are needed. */
export async function* iterate<T, A extends Page>(
  list: (page: PageParams, options?: RequestOptions) => Promise<A>,
  items: (answer: A) => readonly T[],
  { limit = 100 }: IterateParams,
  options?: RequestOptions,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | null = null;
  do {
    const answer: A = await list(cursor === null ? { limit } : { limit, cursor }, options);
    yield* items(answer);
    cursor = answer.nextCursor;
  } while (cursor);
}
