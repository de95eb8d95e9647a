import { rulesOf, type Param } from '~/features/runs/lib/params';

/** The params of a dag: what a run may be given, and what it has otherwise. */
export function ParamTable({ params }: { params: Param[] }) {
  if (params.length === 0) return null;
  return (
    <section>
      <h2 className="mb-1 font-semibold">Params</h2>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div role="region" aria-label="Params" tabIndex={0} className="panel overflow-x-auto">
        <table className="w-full text-left">
          <thead className="text-xs text-muted">
            <tr>
              {['Param', 'Default', 'Takes', 'Description'].map((heading) => (
                <th key={heading} scope="col" className="px-3 py-1.5 font-normal">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {params.map((param) => (
              <tr key={param.name} className="border-t border-line align-top">
                <th scope="row" className="px-3 py-1.5 font-medium">
                  {param.name}
                  {param.title !== param.name && (
                    <div className="font-normal text-muted">{param.title}</div>
                  )}
                </th>
                <td className="max-w-96 px-3 py-1.5 font-mono text-xs leading-5 break-words">
                  {param.required ? (
                    <span className="font-sans text-sm text-muted">none: required</span>
                  ) : (
                    JSON.stringify(param.value)
                  )}
                </td>
                <td className="px-3 py-1.5 text-muted">{rulesOf(param)}</td>
                <td className="min-w-40 px-3 py-1.5">{param.description ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
