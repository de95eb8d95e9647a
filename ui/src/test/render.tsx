import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter, useLocation } from 'react-router';
import { Providers, makeQueryClient } from '~/app/providers';
import { Pages } from '~/app/router';

function Address() {
  const { pathname, search } = useLocation();
  return <output data-testid="address">{pathname + search}</output>;
}

/** The whole product, at one address. */
export function open(path: string) {
  const client = makeQueryClient();
  client.setDefaultOptions({ queries: { retry: false, staleTime: 30_000 } });
  render(
    <Providers client={client}>
      <MemoryRouter initialEntries={[path]}>
        <Pages />
        <Address />
      </MemoryRouter>
    </Providers>,
  );
  return { user: userEvent.setup(), client };
}

export function address(): string {
  return decodeURIComponent(screen.getByTestId('address').textContent ?? '');
}

export const DAGS = '/d/default/dags';
