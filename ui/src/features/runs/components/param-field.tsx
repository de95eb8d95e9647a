import { useId } from 'react';
import { readText, type Param } from '../lib/params';

type Props = { param: Param; value: unknown; disabled: boolean; onChange: (v: unknown) => void };

const INPUTS: Record<string, string> = { date: 'date', time: 'time', 'date-time': 'text' };

/** A form field for what a param's JSON schema describes. */
export function ParamField({ param, value, disabled, onChange }: Props) {
  const id = useId();
  const { schema, types, title, description, required } = param;
  // An unticked box would look like an answer.
  const choices = param.choices ?? (required && types.includes('boolean') ? [true, false] : null);
  const common = {
    id,
    disabled,
    required,
    'aria-describedby': description ? `${id}-help` : undefined,
  };
  const text = value === null || value === undefined ? '' : String(value);
  const isNumber = types.includes('integer') || types.includes('number');

  const chosen = JSON.stringify(value) ?? '';
  let control;
  if (choices) {
    control = (
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
            {String(choice)}
          </option>
        ))}
      </select>
    );
  } else if (types.includes('boolean')) {
    control = (
      <input
        {...common}
        required={false}
        type="checkbox"
        className="size-4 accent-[var(--c-brass)]"
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  } else if (types.includes('object') || types.includes('array')) {
    control = <p className="text-muted">Edit it in the JSON below.</p>;
  } else if (schema.format === 'multiline') {
    control = (
      <textarea
        {...common}
        rows={3}
        className="field !h-auto w-full py-1.5"
        value={text}
        onChange={(event) => onChange(readText(param, event.target.value))}
      />
    );
  } else {
    control = (
      <input
        {...common}
        type={isNumber ? 'number' : (INPUTS[String(schema.format)] ?? 'text')}
        step={types.includes('integer') ? 1 : 'any'}
        min={schema.minimum as number | undefined}
        max={schema.maximum as number | undefined}
        minLength={schema.minLength as number | undefined}
        maxLength={schema.maxLength as number | undefined}
        className="field w-full"
        value={text}
        onChange={(event) => onChange(readText(param, event.target.value))}
      />
    );
  }
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {title}
        {required && <span className="font-normal text-muted"> (required)</span>}
      </label>
      {control}
      {description && (
        <p id={`${id}-help`} className="text-xs text-muted">
          {description}
        </p>
      )}
    </div>
  );
}
