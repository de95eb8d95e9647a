import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';

export function deploymentBase(deployment: string): string {
  return `/d/${encodeURIComponent(deployment)}`;
}

const clients = new Map<string, ReturnType<typeof make>>();

function make(deployment: string) {
  return createClient<paths>({
    baseUrl: new URL(deploymentBase(deployment), window.location.origin).href,
    // Looked up at each call, so that a test may put another in its place.
    fetch: (request) => globalThis.fetch(request),
  });
}

export function api(deployment: string) {
  let client = clients.get(deployment);
  if (!client) clients.set(deployment, (client = make(deployment)));
  return client;
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or the problem that it describes, thrown. */
export async function expectData<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw Problem.unreachable();
  });
  if (!response.ok) throw Problem.parse(response.status, error);
  return data as T;
}
