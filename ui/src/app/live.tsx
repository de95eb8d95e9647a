import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { LiveUpdates, type LiveState } from '~/api/events';

const LiveContext = createContext<LiveState>({ status: 'connecting', version: null });

export function useLive(): LiveState {
  return useContext(LiveContext);
}

/** Listens to a deployment's events for as long as one of its pages is shown. */
export function LiveProvider({
  deployment,
  children,
}: {
  deployment: string;
  children: ReactNode;
}) {
  const client = useQueryClient();
  const [live] = useState(() => new LiveUpdates(client, deployment));
  const state = useSyncExternalStore(live.subscribe, live.snapshot);
  useEffect(() => live.start(), [live]);
  return <LiveContext value={state}>{children}</LiveContext>;
}
