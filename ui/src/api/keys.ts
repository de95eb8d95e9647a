/** Query keys, so that an event can name precisely what it makes stale. */
export const keys = {
  all: (deployment: string) => [deployment] as const,
  dags: (deployment: string) => [deployment, 'dags'] as const,
  dag: (deployment: string, dag: string) => [deployment, 'dag', dag] as const,
  run: (deployment: string, dag: string, run: string) => [deployment, 'run', dag, run] as const,
  // Below the dags, since they change with these.
  dagWarnings: (deployment: string) => [deployment, 'dags', 'warnings'] as const,
  importErrors: (deployment: string) => [deployment, 'import-errors'] as const,
  setup: (deployment: string) => [deployment, 'setup'] as const,
  pools: (deployment: string) => [deployment, 'pools'] as const,
};
