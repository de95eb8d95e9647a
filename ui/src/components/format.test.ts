import { expect, it } from 'vitest';
import { absolute, ago, bytes, duration } from './format';

it.each([
  [0, '0s'],
  [0.0002, '<1ms'],
  [0.0042, '4ms'],
  [0.0999, '0.1s'],
  [9, '9s'],
  [9.96, '10s'],
  [59.7, '1m 00s'],
  [185, '3m 05s'],
  [3599.9, '1h 00m'],
  [7620, '2h 07m'],
  [356_400, '4d 3h'],
  [null, '–'],
])('duration of %s is %s', (seconds, words) => expect(duration(seconds)).toBe(words));

it.each([
  [512, '512 B'],
  [187_432_960, '179 MiB'],
  [1_610_612_736, '1.5 GiB'],
])('%s bytes are %s', (n, words) => expect(bytes(n)).toBe(words));

it('says how far away a moment is', () => {
  expect(ago(0, 2000)).toBe('now');
  expect(ago(0, 90_000)).toBe('1m ago');
  expect(ago(7_300_000, 0)).toBe('in 2h');
});

it('writes a date in UTC', () => {
  expect(absolute('2026-11-21T02:03:04Z', 'utc')).toBe('2026-11-21 02:03:04 UTC');
});
