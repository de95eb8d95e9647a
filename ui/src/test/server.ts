import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { answer } from '../../dev/mock-api';
import { World } from '../../dev/world';

const NOW = Date.parse('2026-11-21T12:00:00Z');
let world = new World({ now: NOW });

/** The made-up deployment of this test. A test may change it before it renders. */
export function theWorld(): World {
  return world;
}

export function resetWorld() {
  world = new World({ now: NOW });
  sent.length = 0;
}

export const sent: { method: string; path: string; body: unknown }[] = [];

export const server = setupServer(
  http.all('*/api/v2/*', async ({ request }) => {
    const url = new URL(request.url);
    const text = await request.text();
    const body: unknown = text ? JSON.parse(text) : null;
    if (request.method !== 'GET') sent.push({ method: request.method, path: url.pathname, body });
    const { status, body: reply } = answer(world, request.method, url, body);
    return HttpResponse.json(reply as never, { status });
  }),
);

/** Answers one path with an error, as Orrery words them. */
export function refuse(path: string, status = 500) {
  server.use(
    http.all(`*/api/v2/${path}`, () =>
      HttpResponse.json(
        { detail: 'The book is closed.', code: 'STO-001', help: 'Start Orrery again.' },
        { status },
      ),
    ),
  );
}
