export type JsonFault = { line: number; column: number; message: string };
export type JsonResult = { value: unknown; fault: null } | { value: null; fault: JsonFault };

/** Browsers word a JSON error differently and some hide where it is; this one always says. */
export function parseJson(text: string): JsonResult {
  try {
    return { value: JSON.parse(text) as unknown, fault: null };
  } catch {
    const { at, message } = new Scanner(text).fault();
    const before = text.slice(0, at).split('\n');
    return {
      value: null,
      fault: { line: before.length, column: before.at(-1)!.length + 1, message },
    };
  }
}

class Stop extends Error {}

class Scanner {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  fault(): { at: number; message: string } {
    try {
      this.value();
      this.space();
      if (this.at < this.text.length) this.stop('Nothing may follow the value');
      return { at: this.at, message: 'This is not valid JSON' };
    } catch (stop) {
      if (!(stop instanceof Stop)) throw stop;
      return { at: this.at, message: stop.message };
    }
  }

  private stop(message: string): never {
    throw new Stop(message);
  }

  private space() {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  private value(): void {
    this.space();
    const next = this.text[this.at];
    if (next === undefined) this.stop('A value is missing at the end');
    if (next === '{') return this.members('}');
    if (next === '[') return this.members(']');
    if (next === '"') return this.string();
    const plain = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)(?![\w.])/;
    const match = plain.exec(this.text.slice(this.at, this.at + 400));
    if (match) this.at += match[0].length;
    else if (next === "'") this.stop('Strings take double quotes');
    else if (/[,}\]]/.test(next)) this.stop(`A value is missing before “${next}”`);
    else this.stop('A string needs double quotes; only true, false, null and numbers do not');
  }

  private members(end: '}' | ']') {
    this.at++;
    this.space();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      this.space();
      if (end === '}') this.name();
      this.value();
      this.space();
      const next = this.text[this.at];
      if (next === end) {
        this.at++;
        return;
      }
      if (next === undefined) this.stop(`“${end}” is missing at the end`);
      if (next !== ',') this.stop(`A comma or “${end}” is missing here`);
      this.at++;
    }
  }

  private name() {
    const next = this.text[this.at];
    if (next === '}') this.stop('A comma must not stand before “}”');
    if (next !== '"') this.stop('A name in double quotes is missing here');
    this.string();
    this.space();
    if (this.text[this.at] !== ':') this.stop('A colon is missing after the name');
    this.at++;
  }

  private string() {
    const from = this.at++;
    for (; this.at < this.text.length; this.at++) {
      const next = this.text[this.at]!;
      if (next === '"') {
        this.at++;
        return;
      }
      if (next === '\\') this.at++;
      else if (next === '\n') break;
    }
    this.at = from;
    this.stop('The string that begins here has no end');
  }
}
