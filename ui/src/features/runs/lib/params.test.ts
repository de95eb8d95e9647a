import { describe, expect, it } from 'vitest';
import {
  defaultConf,
  displayOf,
  fromPicker,
  paramsOf,
  readText,
  rulesOf,
  sectionsOf,
  toPicker,
} from './params';

const PARAMS = paramsOf({
  plain: 7,
  open: { value: null, schema: {} },
  needed: { value: null, schema: { type: 'string', minLength: 3 } },
  sometimes: { value: null, schema: { type: ['number', 'null'] } },
  chosen: { value: null, schema: { enum: ['a', 'b'] } },
  maybe: { value: null, schema: { type: 'string', enum: ['a', null] } },
});

describe('params', () => {
  it('are required where there is no default and null will not do', () => {
    const required = PARAMS.filter((param) => param.required).map(({ name }) => name);
    expect(required).toEqual(['needed', 'chosen']);
  });

  it('are left out of the first configuration until they are given', () => {
    expect(defaultConf(PARAMS)).toEqual({ plain: 7, open: null, sometimes: null, maybe: null });
  });

  it('say what they take', () => {
    expect(PARAMS.map(rulesOf)).toEqual([
      'number',
      'string',
      'string, minLength 3',
      'number or null',
      'one of a, b',
      'one of a, null',
    ]);
  });

  it('take the field that fits them', () => {
    const kinds = paramsOf({
      list: ['a', 'b'],
      numbers: { value: [1], schema: { type: 'array', items: { type: 'number' } } },
      several: { value: ['a'], schema: { type: 'array', examples: ['a', 'b'] } },
      object: { value: { a: 1 }, schema: { type: ['object', 'null'] } },
      flag: { value: true, schema: { type: 'boolean' } },
      either: { value: true, schema: { type: ['boolean', 'string'] } },
    });
    expect(kinds.map(({ kind }) => kind)).toEqual([
      ...['lines', 'json', 'choices', 'json', 'boolean', 'text'],
    ]);
    const either = kinds.at(-1)!;
    expect(readText(either, 'false')).toBe(false);
    expect(readText(either, 'me@shop.example')).toBe('me@shop.example');
  });

  it('stand in sections, without constants, under the names of their values', () => {
    const section = 'More';
    const params = paramsOf({
      a: 1,
      b: { value: 3, schema: { enum: [3, null], values_display: { 3: 'Three' }, section } },
      c: { value: 'x', schema: { const: 'x' } },
    });
    const names = sectionsOf(params).map(({ title, params: own }) => [title, own[0]!.name]);
    expect(names).toEqual([
      [null, 'a'],
      ['More', 'b'],
    ]);
    expect([3, null].map((value) => displayOf(params[1]!, value))).toEqual(['Three', 'None']);
  });

  it('show a point in time to be picked, and write it with its zone', () => {
    expect(toPicker('2026-11-21T12:17:00+02:00', true)).toBe('2026-11-21T10:17:00');
    expect(fromPicker('2026-11-21T10:17:00', true)).toBe('2026-11-21T10:17:00+00:00');
    expect(toPicker('soon', true)).toBe('');
  });
});
