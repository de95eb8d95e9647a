import { expect, it } from 'vitest';
import { parseJson } from './json';

it.each([
  ['{"a": 1,\n}', 2, 1, 'A comma must not stand before “}”'],
  ["{\n  'a': 1}", 2, 3, 'A name in double quotes is missing here'],
  ['{"a": \'b\'}', 1, 7, 'Strings take double quotes'],
  ['{"a": [1 2]}', 1, 10, 'A comma or “]” is missing here'],
  ['{"a": 1', 1, 8, '“}” is missing at the end'],
  ['{"a": "b\n"}', 1, 7, 'The string that begins here has no end'],
  ['{"a": yes}', 1, 7, 'A string needs double quotes; only true, false, null and numbers do not'],
  ['{} {}', 1, 4, 'Nothing may follow the value'],
  ['{"a" 1}', 1, 6, 'A colon is missing after the name'],
])('%j is wrong at %i:%i', (text, line, column, message) => {
  expect(parseJson(text).fault).toEqual({ line, column, message });
});

it('reads what is right', () => {
  expect(parseJson('{"a": [1, -2.5e3, null, true, "\\""]}')).toEqual({
    value: { a: [1, -2500, null, true, '"'] },
    fault: null,
  });
});
