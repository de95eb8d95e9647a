import { act } from '@testing-library/react';

/** A stream that says what a test tells it to. */
export class FakeEventSource extends EventTarget {
  static opened: FakeEventSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.opened.push(this);
  }

  static last(part: string): FakeEventSource {
    const found = FakeEventSource.opened.findLast(({ url }) => url.includes(part));
    if (!found) throw new Error(`nobody listens to ${part}`);
    return found;
  }

  say(type: string, data: unknown, id = '') {
    act(() => {
      this.onopen?.();
      const init = { data: JSON.stringify(data), lastEventId: id };
      this.dispatchEvent(new MessageEvent(type, init));
    });
  }

  fail() {
    act(() => this.onerror?.());
  }

  close() {
    this.closed = true;
  }
}
