import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { answer } from './mock-api';
import { logLine, World } from './world';

/** Serves the made-up world, events and log tails included. MOCK_COPIES=10000 makes it long. */
export function mockServer(): Plugin {
  const world = new World({ copies: Number(process.env.MOCK_COPIES ?? 0) });
  const listeners = new Set<ServerResponse>();
  const tell = (dags: string[], runs: [string, string][]) => {
    if (dags.length + runs.length === 0) return;
    const data = JSON.stringify({ dags, runs, import_errors: false, pools: false });
    listeners.forEach((to) => to.write(`event: changes\ndata: ${data}\n\n`));
  };
  const serve = (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (!/^\/d\/[^/]+\/api\//.test(url.pathname)) return next();
    if (url.pathname.endsWith('/orrery/events')) return events(response, listeners);
    if (url.pathname.endsWith('/tail')) return tail(request, response, url);
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status, body } = answer(
        world,
        request.method ?? 'GET',
        url,
        text ? JSON.parse(text) : null,
      );
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
      const dag = /\/dags\/([^/]+)/.exec(url.pathname)?.[1];
      if (request.method !== 'GET' && dag) tell([decodeURIComponent(dag)], []);
    });
  };
  return {
    name: 'orrery-mock',
    configureServer(server) {
      const timer = setInterval(() => tell([], world.step()), 1000);
      timer.unref();
      server.middlewares.use(serve);
    },
    configurePreviewServer(server) {
      server.middlewares.use(serve);
    },
  };
}

function stream(response: ServerResponse) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
}

function events(response: ServerResponse, listeners: Set<ServerResponse>) {
  stream(response);
  const hello = { version: '0.1.0', server_time: new Date().toISOString() };
  response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}

const LINES = Number(process.env.MOCK_LINES ?? 400);

function tail(request: IncomingMessage, response: ServerResponse, url: URL) {
  stream(response);
  let at = Number(url.searchParams.get('offset') ?? 0);
  response.write('event: start\ndata: {"skipped":0}\n\n');
  const send = (n: number) => {
    const lines = Array.from({ length: n }, (_, index) => logLine(at + index, Date.now()));
    at += n;
    response.write(`event: lines\nid: ${at}\ndata: ${JSON.stringify(lines)}\n\n`);
  };
  while (at < LINES) send(Math.min(1000, LINES - at));
  // A refresh is finished; everything else goes on writing.
  if (url.pathname.includes('refresh_dashboard')) {
    response.end('event: end\ndata: {}\n\n');
    return;
  }
  const timer = setInterval(() => send(1), 700);
  request.on('close', () => clearInterval(timer));
}
