import type { Zone } from '~/components/format';

const MINUTE_MS = 60_000;

/** What a field for date and time shows of a point in time, in the reader's zone. */
export function toField(at: string, zone: Zone): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return '';
  const shift = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * MINUTE_MS;
  return new Date(ms - shift).toISOString().slice(0, 16);
}

/** The point in time that such a field means; empty where it is not filled in. */
export function fromField(text: string, zone: Zone): string {
  if (!text) return '';
  // Without an offset a date with a time is one of the reader's zone.
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}
