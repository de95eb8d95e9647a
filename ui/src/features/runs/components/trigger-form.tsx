import { useState, type FormEvent } from 'react';
import type { DagDetails, TriggerBody } from '~/api/types';
import { useZone } from '~/components/zone';
import { parseJson, type JsonFault } from '../lib/json';
import { defaultConf, paramsOf, sectionsOf } from '../lib/params';
import { ConfEditor } from './conf-editor';
import { ParamField } from './param-field';

type Props = {
  id: string;
  dag: DagDetails;
  onSubmit: (body: TriggerBody, unpause: boolean) => void;
};

const NOT_OBJECT: JsonFault = {
  line: 1,
  column: 1,
  message: 'The configuration must be an object',
};

/** The JSON text is the truth; the fields above it are another way to write it. */
export function TriggerForm({ id, dag, onSubmit }: Props) {
  const params = paramsOf(dag.params);
  const [text, setText] = useState(() => JSON.stringify(defaultConf(params), null, 2));
  const [runId, setRunId] = useState('');
  const [logicalDate, setLogicalDate] = useState('');
  const { zone } = useZone();
  const [note, setNote] = useState('');
  const [unpause, setUnpause] = useState(true);

  const parsed = parseJson(text.trim() === '' ? '{}' : text);
  const isObject =
    typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  const fault = parsed.fault ?? (isObject ? null : NOT_OBJECT);
  const conf = isObject ? (parsed.value as Record<string, unknown>) : {};

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fault) return;
    const body = {
      logical_date: logicalDate
        ? new Date(zone === 'utc' ? `${logicalDate}Z` : logicalDate).toISOString()
        : null,
      conf,
      ...(runId.trim() && { dag_run_id: runId.trim() }),
      ...(note.trim() && { note: note.trim() }),
    };
    onSubmit(body as TriggerBody, dag.is_paused && unpause);
  };

  return (
    <form id={id} onSubmit={submit} className="flex flex-col gap-4">
      {sectionsOf(params).map(({ title, params: own }) => (
        <fieldset key={title} className="grid gap-x-3 gap-y-4 sm:grid-cols-2">
          <legend className="mb-2 w-full border-b border-line pb-1 font-semibold">
            {title ?? 'Params'}
          </legend>
          {own.map((param) => (
            <ParamField
              key={param.name}
              param={param}
              value={conf[param.name]}
              disabled={fault !== null}
              onChange={(value) =>
                setText(JSON.stringify({ ...conf, [param.name]: value }, null, 2))
              }
            />
          ))}
        </fieldset>
      ))}
      <ConfEditor text={text} fault={fault} onChange={setText} />
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="flex flex-col gap-1 font-medium">
          Run id
          <input
            className="field font-normal"
            value={runId}
            placeholder="Made for you"
            onChange={(event) => setRunId(event.target.value)}
          />
        </label>
        <label className="flex flex-col gap-1 font-medium">
          <span>
            Logical date{' '}
            <span className="font-normal text-muted">
              ({zone === 'utc' ? 'UTC' : 'your time'}; none when empty)
            </span>
          </span>
          <input
            type="datetime-local"
            step={1}
            className="field font-normal"
            value={logicalDate}
            onChange={(event) => setLogicalDate(event.target.value)}
          />
        </label>
        <label className="flex flex-col gap-1 font-medium sm:col-span-2">
          Note
          <input
            className="field font-normal"
            value={note}
            placeholder="Why you run it, for those who look later"
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      </div>
      {dag.is_paused && (
        <div className="flex items-start gap-2 rounded-lg bg-brass-soft p-3">
          <input
            id={`${id}-unpause`}
            type="checkbox"
            className="mt-0.5 size-4 accent-[var(--c-brass)]"
            checked={unpause}
            onChange={(event) => setUnpause(event.target.checked)}
            aria-describedby={`${id}-unpause-help`}
          />
          <div>
            <label htmlFor={`${id}-unpause`} className="font-medium">
              Unpause the dag
            </label>
            <p id={`${id}-unpause-help`} className="text-muted">
              It is paused: until it is unpaused, the run waits in the queue. Unpausing also starts
              its schedule.
            </p>
          </div>
        </div>
      )}
    </form>
  );
}
