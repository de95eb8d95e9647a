import { useId } from 'react';
import { Markdown } from '~/components/markdown';
import { readText, type Param } from '../lib/params';
import { Choice, Choices, DateTime, JsonInput, Lines, Text, type InputProps } from './param-inputs';

type Props = { param: Param; value: unknown; disabled: boolean; onChange: (v: unknown) => void };

/** A form field for what a param's JSON schema describes. */
export function ParamField({ param, value, disabled, onChange }: Props) {
  const id = useId();
  const { title, description, markdown, required } = param;
  const common = {
    id,
    disabled,
    required,
    'aria-describedby': description || markdown ? `${id}-help` : undefined,
  };
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {title}
        {required && <span className="font-normal text-muted"> (required)</span>}
      </label>
      <Control param={param} value={value} onChange={onChange} common={common} />
      {(description || markdown) && (
        <div id={`${id}-help`} className="text-xs text-muted">
          {markdown ? <Markdown text={markdown} /> : description}
        </div>
      )}
    </div>
  );
}

function Control(props: InputProps) {
  const { param, value, onChange, common } = props;
  const { schema, required, kind } = param;
  if (param.choices) return <Choice {...props} choices={param.choices} />;
  switch (kind) {
    case 'boolean':
      // An unticked box would look like an answer.
      if (required) return <Choice {...props} choices={[true, false]} />;
      return (
        <input
          {...common}
          required={false}
          type="checkbox"
          className="size-4 accent-[var(--c-brass)]"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
      );
    case 'choices':
      return <Choices {...props} />;
    case 'lines':
      return <Lines {...props} />;
    case 'json':
      return <JsonInput {...props} />;
    case 'text':
      if (schema.format === 'date-time') return <DateTime {...props} />;
      if (schema.format !== 'multiline') return <Text {...props} />;
      return (
        <textarea
          {...common}
          rows={3}
          className="field !h-auto w-full py-1.5"
          value={value === null || value === undefined ? '' : String(value)}
          onChange={(event) => onChange(readText(param, event.target.value))}
        />
      );
  }
}
