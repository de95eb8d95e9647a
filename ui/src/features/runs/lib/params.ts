/** One param of a dag, as upstream serializes it. */
export type Param = {
  name: string;
  value: unknown;
  title: string;
  description: string | null;
  types: string[];
  choices: unknown[] | null;
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
    const takesNull = schema.type === undefined || types.includes('null');
    return {
      name,
      value,
      title: typeof schema.title === 'string' ? schema.title : name,
      description: param.description ?? (schema.description as string | undefined) ?? null,
      types,
      choices,
      required: value === null && !(choices ? choices.includes(null) : takesNull),
      schema,
    };
  });
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

const SAID_ELSEWHERE = new Set(['type', 'title', 'description', 'default', 'section', 'enum']);

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
  if (number && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}
