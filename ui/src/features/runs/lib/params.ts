/** One param of a dag, as upstream serializes it. */
export type Param = {
  name: string;
  value: unknown;
  title: string;
  description: string | null;
  types: string[];
  choices: unknown[] | null;
  schema: Record<string, unknown>;
};

type Raw = { value?: unknown; schema?: Record<string, unknown>; description?: string | null };

export function paramsOf(raw: Record<string, unknown> | null | undefined): Param[] {
  return Object.entries(raw ?? {}).map(([name, given]) => {
    const isParam = typeof given === 'object' && given !== null && 'value' in given;
    const param: Raw = isParam ? (given as Raw) : { value: given };
    const schema = param.schema ?? {};
    const types = schema.type ?? typeName(param.value);
    return {
      name,
      value: param.value ?? schema.default ?? null,
      title: typeof schema.title === 'string' ? schema.title : name,
      description: param.description ?? (schema.description as string | undefined) ?? null,
      types: Array.isArray(types) ? (types as string[]) : [String(types)],
      choices: Array.isArray(schema.enum) ? (schema.enum as unknown[]) : null,
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
  return Object.fromEntries(params.map(({ name, value }) => [name, value]));
}

/** What a text box of this param means: empty is null where null is allowed. */
export function readText(param: Param, text: string): unknown {
  if (text === '' && param.types.includes('null')) return null;
  const number = param.types.some((type) => type === 'integer' || type === 'number');
  if (number && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}
