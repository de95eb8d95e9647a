import type { TaskInstance } from '~/api/types';
import { Code, Json } from '~/components/code';
import { CopyButton } from '~/components/copy';
import { Empty } from '~/components/empty';
import { isFinal } from '~/components/state';

/** The template fields as they were once every template in them was filled in. */
export function RenderedTab({ task }: { task: TaskInstance }) {
  const fields = Object.entries(task.rendered_fields ?? {});
  if (fields.length === 0) {
    return (
      <Empty title="No rendered fields">
        {isFinal(task.state) || task.state === 'running'
          ? 'Its operator has no templates, or it ended before they were filled in.'
          : 'They appear here when the task starts.'}
      </Empty>
    );
  }
  return (
    <dl className="flex flex-col gap-4">
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt className="mb-1 flex items-center gap-2">
            <code className="font-mono font-semibold">{name}</code>
            <CopyButton text={textOf(value)} what={name} />
          </dt>
          <dd>
            <Value name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === '') return <span className="text-muted">Empty</span>;
  if (typeof value === 'string' && value.trim().includes('\n')) {
    return <Code text={value} label={name} />;
  }
  return <Json value={value} label={name} />;
}
