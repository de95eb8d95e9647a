import { describe, expect, it } from 'vitest';
import { fromField, toField } from './moment-field';

describe('a field for date and time', () => {
  it.each(['utc', 'local'] as const)('gives back what it shows (%s)', (zone) => {
    const at = '2026-03-01T10:30:00.000Z';
    expect(fromField(toField(at, zone), zone)).toBe(at);
  });

  it('shows UTC where that is wanted, and nothing where nothing is known', () => {
    expect(toField('2026-03-01T10:30:00.000Z', 'utc')).toBe('2026-03-01T10:30');
    expect([toField('', 'utc'), toField('soon', 'local'), fromField('', 'utc')]).toEqual([
      '',
      '',
      '',
    ]);
  });
});
