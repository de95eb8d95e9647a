import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import { StaleKeys } from './stale';

it('waits for the answer under way, then asks once more', async () => {
  vi.useFakeTimers();
  const client = new QueryClient();
  const answers: ((value: number) => void)[] = [];
  const queryFn = vi.fn(() => new Promise<number>((resolve) => answers.push(resolve)));
  const stop = new QueryObserver(client, { queryKey: ['a'], queryFn }).subscribe(() => undefined);
  const stale = new StaleKeys(client);

  for (let n = 0; n < 5; n++) stale.add(['a']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(queryFn).toHaveBeenCalledTimes(1);

  answers[0]!(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(queryFn).toHaveBeenCalledTimes(2);
  answers[1]!(2);
  await vi.advanceTimersByTimeAsync(2000);
  expect(queryFn).toHaveBeenCalledTimes(2);
  expect(client.getQueryData(['a'])).toBe(2);
  stop();
  stale.clear();
  vi.useRealTimers();
});
