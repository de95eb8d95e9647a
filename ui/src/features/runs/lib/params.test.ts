import { describe, expect, it } from 'vitest';
import { defaultConf, paramsOf, rulesOf } from './params';

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
});
