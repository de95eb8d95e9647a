import { useState } from 'react';
import { useZone } from '~/components/zone';
import { parseJson } from '../lib/json';
import { displayOf, fromPicker, linesOf, readText, toPicker, type Param } from '../lib/params';

export type InputProps = {
  param: Param;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Of the field: id, whether it is disabled or required, what describes it. */
  common: {
    id: string;
    disabled: boolean;
    required: boolean;
    'aria-describedby': string | undefined;
  };
};

const AREA = 'field !h-auto w-full py-1.5';

/** One of a few values, under the names that people know them by. */
export function Choice({
  param,
  choices,
  value,
  onChange,
  common,
}: InputProps & { choices: unknown[] }) {
  const chosen = JSON.stringify(value) ?? '';
  return (
    <select
      {...common}
      className="field w-full"
      value={chosen}
      onChange={(event) => onChange(JSON.parse(event.target.value))}
    >
      {!choices.some((choice) => JSON.stringify(choice) === chosen) && (
        <option value={chosen} disabled>
          {chosen || 'Choose…'}
        </option>
      )}
      {choices.map((choice) => (
        <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
          {displayOf(param, choice)}
        </option>
      ))}
    </select>
  );
}

/** Any of a few values. */
export function Choices({ param, value, onChange, common }: InputProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const toggle = (choice: string, on: boolean) => {
    const now = new Set(on ? [...chosen, choice] : chosen.filter((other) => other !== choice));
    onChange(param.examples.filter((other) => now.has(other)));
  };
  return (
    <div
      role="group"
      id={common.id}
      aria-label={param.title}
      aria-describedby={common['aria-describedby']}
      className="flex flex-wrap gap-x-4 gap-y-1"
    >
      {param.examples.map((choice) => (
        <label key={choice} className="flex items-center gap-1.5">
          <input
            type="checkbox"
            className="size-4 accent-[var(--c-brass)]"
            disabled={common.disabled}
            checked={chosen.includes(choice)}
            onChange={(event) => toggle(choice, event.target.checked)}
          />
          {displayOf(param, choice)}
        </label>
      ))}
    </div>
  );
}

/** A list of texts, each on a line. */
export function Lines({ value, onChange, common }: InputProps) {
  const lines = Array.isArray(value) ? value.map(String) : [];
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <textarea
      {...common}
      rows={Math.min(8, Math.max(2, lines.length))}
      className={AREA}
      placeholder="One value on each line"
      value={draft ?? lines.join('\n')}
      onBlur={() => setDraft(null)}
      onChange={(event) => {
        setDraft(event.target.value);
        onChange(linesOf(event.target.value));
      }}
    />
  );
}

/** JSON of any kind; what cannot be read is not taken, and stops the form. */
export function JsonInput({ param, value, onChange, common }: InputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const [fault, setFault] = useState('');
  const text = draft ?? (value === undefined ? '' : JSON.stringify(value, null, 2));
  const read = (area: HTMLTextAreaElement) => {
    setDraft(area.value);
    const isEmpty = area.value.trim() === '' && param.types.includes('null');
    const { value: parsed, fault: found } = parseJson(isEmpty ? 'null' : area.value);
    const words = found ? `Line ${found.line}, column ${found.column}: ${found.message}.` : '';
    area.setCustomValidity(words);
    setFault(words);
    if (!found) onChange(parsed);
  };
  return (
    <>
      <textarea
        {...common}
        rows={Math.min(8, Math.max(2, text.split('\n').length))}
        spellCheck={false}
        aria-invalid={fault !== ''}
        className={`${AREA} font-mono text-xs`}
        value={text}
        onBlur={() => fault === '' && setDraft(null)}
        onChange={(event) => read(event.target)}
      />
      {fault && (
        <p role="status" className="text-danger">
          {fault}
        </p>
      )}
    </>
  );
}

/** A point in time, in the zone that the reader has chosen. */
export function DateTime({ value, onChange, common }: InputProps) {
  const { zone } = useZone();
  const picked = typeof value === 'string' ? toPicker(value, zone === 'utc') : '';
  if (typeof value === 'string' && value !== '' && picked === '') {
    return (
      <input
        {...common}
        className="field w-full"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <div className="flex items-center gap-2">
      <input
        {...common}
        type="datetime-local"
        step={1}
        className="field min-w-0 flex-1"
        value={picked}
        onChange={(event) => onChange(fromPicker(event.target.value, zone === 'utc'))}
      />
      <span className="text-xs text-muted">{zone === 'utc' ? 'UTC' : 'your time'}</span>
    </div>
  );
}

const INPUTS: Record<string, string> = { date: 'date', time: 'time', email: 'email', uri: 'url' };

/** A text or a number; what is proposed may be taken or not. */
export function Text({ param, value, onChange, common }: InputProps) {
  const { schema, types, examples } = param;
  const isMulti = types.filter((type) => type !== 'null').length > 1;
  const isNumber = !isMulti && (types.includes('integer') || types.includes('number'));
  const isText = typeof value === 'string' || value === null || value === undefined;
  const text = isText
    ? (value ?? '')
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
  const list = examples.length > 0 ? `${common.id}-list` : undefined;
  return (
    <>
      <input
        {...common}
        type={isNumber ? 'number' : (INPUTS[String(schema.format)] ?? 'text')}
        step={schema.format === 'time' || types.includes('integer') ? 1 : 'any'}
        min={schema.minimum as number | undefined}
        max={schema.maximum as number | undefined}
        minLength={schema.minLength as number | undefined}
        maxLength={schema.maxLength as number | undefined}
        pattern={schema.pattern as string | undefined}
        list={list}
        className="field w-full"
        value={text}
        onChange={(event) => onChange(readText(param, event.target.value))}
      />
      {list && (
        <datalist id={list}>
          {examples.map((example) => (
            <option key={example} value={example} />
          ))}
        </datalist>
      )}
    </>
  );
}
