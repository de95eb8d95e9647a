import { describe, expect, it } from 'vitest';
import { NO_FILTERS, filtersOf, pageOf, queryOf, readable, withFilters, withPage } from './filters';

const search = (text: string) => new URLSearchParams(text);

describe('filters of the audit log', () => {
  it('live in the address, beside what else it says', () => {
    const filters = filtersOf(search('tab=audit&event=delete&after=2026-01-01T00:00:00.000Z'));
    expect(filters).toMatchObject({ event: 'delete', user: '', after: '2026-01-01T00:00:00.000Z' });
    const next = withFilters(search('tab=audit&page=3&event=delete'), {
      ...NO_FILTERS,
      user: 'ann',
    });
    expect(String(next)).toBe('tab=audit&user=ann');
  });

  it('count pages from 1', () => {
    expect(['', 'page=2', 'page=0', 'page=x', 'page=1.5'].map((it) => pageOf(search(it)))).toEqual([
      1, 2, 1, 1, 1,
    ]);
    expect(String(withPage(search('event=a'), 2))).toBe('event=a&page=2');
    expect(String(withPage(search('event=a&page=2'), 1))).toBe('event=a');
  });

  it('ask exactly for what a page is of, and for parts of what is typed', () => {
    const filters = { ...NO_FILTERS, event: 'clear', dag: 'x', after: '2026-01-01T00:00Z' };
    expect(queryOf(filters, { dag: 'etl', mapIndex: -1 }, 3)).toEqual({
      limit: 50,
      offset: 100,
      order_by: ['-when'],
      dag_id: 'etl',
      event_pattern: 'clear',
      after: '2026-01-01T00:00:00.000Z',
    });
    expect(queryOf({ ...filters, after: 'soon' }, {}, 1)).toMatchObject({ dag_id_pattern: 'x' });
    expect(queryOf({ ...filters, after: 'soon' }, {}, 1).after).toBeUndefined();
  });

  it('what is more of an entry is readable', () => {
    expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(readable('the worker is gone')).toBe('the worker is gone');
    expect(readable('7')).toBe('7');
  });
});
