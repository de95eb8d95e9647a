import type { QueryClient } from '@tanstack/react-query';
import { setServerTime } from '~/components/clock';
import { deploymentBase } from './client';
import { keys } from './keys';
import { StaleKeys } from './stale';

export type Changes = {
  dags: string[];
  runs: [dag: string, run: string][];
  import_errors: boolean;
  pools: boolean;
};
export type LiveState = {
  status: 'connecting' | 'live' | 'reconnecting';
  version: string | null;
  /** Since when the stream is lost, by this machine's clock; a hiccup does not count. */
  lostAt?: Date | null;
};

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;
// A browser opens few connections to a host over HTTP/1.1; a forgotten tab must not hold one.
const HIDDEN_CLOSE_MS = 30_000;

/** The deployment's event stream: what changed becomes stale, and is asked for again if looked at. */
export class LiveUpdates {
  private state: LiveState = { status: 'connecting', version: null };
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private failedAt: Date | null = null;
  private wasLive = false;
  private readonly stale: StaleKeys;
  private readonly deployment: string;

  constructor(client: QueryClient, deployment: string) {
    this.stale = new StaleKeys(client);
    this.deployment = deployment;
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = () => this.state;

  start(): () => void {
    this.open();
    document.addEventListener('visibilitychange', this.onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', this.onVisibility);
      this.close();
      this.stale.clear();
    };
  }

  private open() {
    this.close();
    const source = new EventSource(`${deploymentBase(this.deployment)}/api/v2/orrery/events`);
    this.source = source;
    source.addEventListener('hello', (event) => this.onHello(event as MessageEvent<string>));
    source.addEventListener('changes', (event) => {
      this.invalidate(JSON.parse((event as MessageEvent<string>).data) as Changes);
    });
    source.onerror = () => this.retry();
  }

  private close() {
    clearTimeout(this.timer);
    clearTimeout(this.hiddenTimer);
    this.source?.close();
    this.source = null;
  }

  private retry() {
    this.close();
    if (this.failures === 0) this.failedAt = new Date();
    const lostAt = this.failures > 0 ? this.failedAt : null;
    this.set({ ...this.state, status: 'reconnecting', lostAt });
    const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.failures);
    // The stream may be all that is broken: until it is back, ask at the pace of the retries.
    if (this.failures > 0) this.stale.add(keys.all(this.deployment));
    this.failures += 1;
    this.timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  private onHello(event: MessageEvent<string>) {
    const hello = JSON.parse(event.data) as { version: string; server_time: string };
    setServerTime(Date.parse(hello.server_time));
    // What happened while nobody listened is unknown.
    if (this.wasLive || this.failures > 0) {
      this.stale.add(keys.all(this.deployment));
    }
    this.wasLive = true;
    this.failures = 0;
    this.set({ status: 'live', version: hello.version });
  }

  private invalidate(changes: Changes) {
    const stale = (key: readonly unknown[]) => this.stale.add(key);
    const dags = new Set([...changes.dags, ...changes.runs.map(([dag]) => dag)]);
    for (const dag of dags) stale(keys.dag(this.deployment, dag));
    for (const [dag, run] of changes.runs) stale(keys.run(this.deployment, dag, run));
    if (dags.size > 0 || changes.import_errors) stale(keys.dags(this.deployment));
    if (changes.import_errors) stale(keys.importErrors(this.deployment));
    if (changes.pools) stale(keys.pools(this.deployment));
  }

  private onVisibility = () => {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) this.hiddenTimer = setTimeout(() => this.close(), HIDDEN_CLOSE_MS);
    else if (!this.source) this.open();
  };

  private set(state: LiveState) {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}
