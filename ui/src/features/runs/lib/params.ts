/** One param of a dag, as upstream serializes it. */
export type Param = {
  name: string;
  value: unknown;
  title: string;
  description: string | null;
  types: string[];
  choices: unknown[] | null;
  /** Values that are proposed; of a list, all that it may have. */
  examples: string[];
  /** A longer description, in place of the other. */
  markdown: string | null;
  /** The heading that it stands under; none for the first ones. */
  section: string | null;
  /** What sort of field it takes. */
  kind: 'boolean' | 'choices' | 'lines' | 'json' | 'text';
  /** It can have one value only, which nobody needs to see. */
  constant: boolean;
  /** It has no default, and null will not do. */
  required: boolean;
  schema: Record<string, unknown>;
};

type Raw = { value?: unknown; schema?: Record<string, unknown>; description?: string | null };

export function paramsOf(raw: Record<string, unknown> | null | undefined): Param[] {
  return Object.entries(raw ?? {}).map(([name, given]) => {
    const isParam = typeof given === 'object' && given !== null && 'value' in given;
    const param: Raw = isParam ? (given as Raw) : { value: given };
    const schema = param.schema ?? {};
    const value = param.value ?? schema.default ?? null;
    const declared = schema.type ?? typeName(value);
    const types = Array.isArray(declared) ? (declared as string[]) : [String(declared)];
    const choices = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : null;
    const examples = Array.isArray(schema.examples) ? schema.examples.map(String) : [];
    const takesNull = schema.type === undefined || types.includes('null');
    return {
      name,
      value,
      title: typeof schema.title === 'string' ? schema.title : name,
      description: param.description ?? (schema.description as string | undefined) ?? null,
      types,
      choices,
      examples,
      markdown: textOf(schema.description_md),
      section: textOf(schema.section),
      kind: kindOf(types, schema, value),
      constant: 'const' in schema,
      required: value === null && !(choices ? choices.includes(null) : takesNull),
      schema,
    };
  });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function kindOf(types: string[], schema: Record<string, unknown>, value: unknown): Param['kind'] {
  const some = types.filter((type) => type !== 'null');
  // A text box takes each of several types: see `readText`.
  if (some.length !== 1) return 'text';
  if (some[0] === 'boolean') return 'boolean';
  if (some[0] === 'object') return 'json';
  if (some[0] !== 'array') return 'text';
  if (Array.isArray(schema.examples)) return 'choices';
  const items = (schema.items as { type?: string } | undefined)?.type;
  const texts = !Array.isArray(value) || value.every((item) => typeof item === 'string');
  return texts && (items === undefined || items === 'string') ? 'lines' : 'json';
}

/** Params under the headings that they are to stand under, in the order that they come in. */
export function sectionsOf(params: Param[]): { title: string | null; params: Param[] }[] {
  const sections = new Map<string | null, Param[]>();
  for (const param of params.filter(({ constant }) => !constant)) {
    sections.set(param.section, [...(sections.get(param.section) ?? []), param]);
  }
  return [...sections].map(([title, own]) => ({ title, params: own }));
}

/** The name of a value, where its schema has names for them. */
export function displayOf({ schema }: Param, value: unknown): string {
  const names = schema.values_display as Record<string, string> | undefined;
  const key = value === null ? ['null', 'None', ''] : [String(value)];
  return key.map((one) => names?.[one]).find(Boolean) ?? (value === null ? 'None' : String(value));
}

/** A text box's lines, without empty ones. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** A point in time as `datetime-local` takes it; empty for what is none. */
export function toPicker(iso: string, utc: boolean): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const shown = utc ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shown.toISOString().slice(0, 19);
}

export function fromPicker(text: string, utc: boolean): string | null {
  if (text === '') return null;
  const at = new Date(utc ? `${text}Z` : text);
  return at.toISOString().replace(/\.\d+Z$/, '+00:00');
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null || value === undefined) return 'string';
  return typeof value;
}

export function defaultConf(params: Param[]): Record<string, unknown> {
  const known = params.filter(({ required }) => !required);
  return Object.fromEntries(known.map(({ name, value }) => [name, value]));
}

const SAID_ELSEWHERE = new Set([
  ...['type', 'title', 'description', 'description_md', 'default', 'section', 'enum'],
  ...['examples', 'values_display'],
]);

/** What its schema demands of a value, in a few words. */
export function rulesOf({ schema, choices, types }: Param): string {
  const rules = Object.entries(schema)
    .filter(([name]) => !SAID_ELSEWHERE.has(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const what = choices ? `one of ${choices.map(String).join(', ')}` : types.join(' or ');
  return [what, ...rules].join(', ');
}

/** What a text box of this param means: empty is null where null is allowed. */
export function readText(param: Param, text: string): unknown {
  if (text === '' && param.types.includes('null')) return null;
  const number = param.types.some((type) => type === 'integer' || type === 'number');
  const trimmed = text.trim();
  if (param.types.includes('boolean') && /^(true|false)$/.test(trimmed)) return trimmed === 'true';
  if (param.types.includes('object') && trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as unknown;
    } catch {
      return text;
    }
  }
  if (number && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}
