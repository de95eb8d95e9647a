import type { QueryClient, QueryKey } from '@tanstack/react-query';

const FLUSH_MS = 400;

/**
 * Keys waiting to be asked for again. A key whose last question is still under way waits for its
 * answer: cancelling it would starve a slow page under a stream of changes, and trusting it would
 * miss what changed after it was sent.
 */
export class StaleKeys {
  private readonly waiting = new Map<string, QueryKey>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly client: QueryClient;

  constructor(client: QueryClient) {
    this.client = client;
  }

  add(queryKey: QueryKey) {
    this.waiting.set(JSON.stringify(queryKey), queryKey);
    if (this.timer === undefined) this.flush();
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private flush = () => {
    for (const [hash, queryKey] of this.waiting) {
      if (this.client.isFetching({ queryKey }) > 0) continue;
      this.waiting.delete(hash);
      void this.client.invalidateQueries({ queryKey });
    }
    // One more round even when nothing waits: what comes within it is gathered.
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.waiting.size > 0) this.flush();
    }, FLUSH_MS);
  };
}
