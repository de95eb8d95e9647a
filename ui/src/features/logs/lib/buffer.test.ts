import { expect, it } from 'vitest';
import { append, filterLines, NO_LINES, textOf } from './buffer';
import { plain } from './plain';

const lines = (from: number, n: number) =>
  Array.from({ length: n }, (_, index) => ({ event: `line ${from + index}` }));

it('keeps the last lines and counts the others', () => {
  const now = append(append(NO_LINES, lines(1, 8), 10), lines(9, 5), 10);
  expect(now.dropped).toBe(3);
  expect(now.lines).toHaveLength(10);
  const shown = filterLines(now, 'line 13', 'debug');
  expect(shown).toEqual([{ line: { event: 'line 13' }, number: 13 }]);
});

it('writes fields and traces as text', () => {
  const frames = [{ filename: 'a.py', lineno: 3, name: 'f' }];
  const error_detail = [{ exc_type: 'ValueError', exc_value: 'no', frames }];
  expect(textOf({ event: 'failed', rows: 3, error_detail })).toBe(
    'failed rows=3   File "a.py", line 3, in f\nValueError: no',
  );
});

it('leaves out what is for terminals, and what every line repeats', () => {
  expect(plain('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007[31m')).toBe('red [31m');
  expect(textOf({ event: 'done', task_id: 'a', try_number: 1, rows: 2 })).toBe('done rows=2');
});
