import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from '~/api/problem';
import { TipHost } from '~/components/tip';
import { ToastHost } from '~/components/toast';

export function makeQueryClient() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when something is stale; this is for what they might miss.
        staleTime: 30_000,
        retry: (failures, error) => {
          const { status } = Problem.from(error);
          return failures < 2 && (status === 0 || status >= 500);
        },
      },
    },
  });
}

export function Providers({ children, client }: { children: ReactNode; client?: QueryClient }) {
  const [own] = useState(() => client ?? makeQueryClient());
  return (
    <QueryClientProvider client={own}>
      {children}
      <ToastHost />
      <TipHost />
    </QueryClientProvider>
  );
}
