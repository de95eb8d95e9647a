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
    'failed rows=3 Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: no',
  );
});

it('writes what caused an exception above it, as Python does', () => {
  const frame = (name: string) => [{ filename: 'a.py', lineno: 3, name }];
  const exception = [
    { exc_type: 'TaskError', exc_value: 'late', frames: frame('outer'), is_cause: false },
    { exc_type: 'KeyError', exc_value: "'x'", frames: frame('inner'), is_cause: true },
  ];
  const lines = textOf({ event: 'failed', exception, filename: 'b.py', lineno: 1 }).split('\n');
  expect(lines).toEqual([
    'failed Traceback (most recent call last):',
    '  File "a.py", line 3, in inner',
    "KeyError: 'x'",
    '',
    'The above exception was the direct cause of the following exception:',
    '',
    'Traceback (most recent call last):',
    '  File "a.py", line 3, in outer',
    'TaskError: late',
  ]);
});

it('folds groups, but never a warning in one', () => {
  const all = [
    { event: '::group::Pre Execute' },
    { event: 'noise' },
    { event: 'careful', level: 'warning' },
    { event: '::endgroup::' },
    { event: 'work' },
    { event: '::group::Empty' },
    { event: '::endgroup::' },
  ];
  const lines = append(NO_LINES, all, 10);
  const events = (shown: ReturnType<typeof filterLines>) => shown.map(({ line }) => line.event);
  const folded = filterLines(lines, '', 'debug');
  expect(events(folded)).toEqual(['::group::Pre Execute', 'careful', 'work']);
  expect(folded[0]!.group).toEqual({ title: 'Pre Execute', lines: 2, isOpen: false });
  const open = filterLines(lines, '', 'debug', new Set([1]));
  expect(events(open)).toContain('noise');
  expect(events(filterLines(lines, 'noise', 'debug'))).toEqual(['noise']);
});

it('leaves out what is for terminals, and what every line repeats', () => {
  expect(plain('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007[31m')).toBe('red [31m');
  expect(textOf({ event: 'done', task_id: 'a', try_number: 1, rows: 2 })).toBe('done rows=2');
});
