import type { LogLine } from '~/api/types';

type Frame = { filename?: string; lineno?: number; name?: string; line?: string };
type Syntax = { filename?: string; lineno?: number; line?: string; msg?: string };
type Raised = {
  exc_type?: string;
  exc_value?: string;
  exc_notes?: string[];
  syntax_error?: Syntax | null;
  is_cause?: boolean;
  frames?: Frame[];
  exceptions?: Raised[][];
};

const CAUSE = 'The above exception was the direct cause of the following exception:';
const DURING = 'During handling of the above exception, another exception occurred:';

/** Airflow's structured tracebacks, as Python prints them: what came first is on top. */
export function traceOf(line: LogLine): string {
  const raised = [line.exception, line.error_detail].find(Array.isArray);
  return raised ? chain(raised as Raised[]) : '';
}

function chain(raised: Raised[]): string {
  return raised
    .map((one, index) => {
      const link = index === 0 ? '' : `\n\n${one.is_cause ? CAUSE : DURING}\n`;
      return textOf(one) + link;
    })
    .reverse()
    .join('\n');
}

/** Where an environment keeps its packages says nothing about what went wrong. */
function shortened(filename = '?'): string {
  return filename.replace(/^.*\/site-packages\//, '');
}

function textOf(raised: Raised): string {
  const { exc_type, exc_value, exc_notes = [], syntax_error: syntax, frames = [] } = raised;
  const lines = frames.length > 0 ? ['Traceback (most recent call last):'] : [];
  for (const { filename, lineno, name, line } of frames) {
    lines.push(`  File "${shortened(filename)}", line ${lineno}, in ${name}`);
    if (line) lines.push(`    ${line.trim()}`);
  }
  if (syntax) {
    lines.push(`  File "${syntax.filename}", line ${syntax.lineno}`);
    if (syntax.line) lines.push(`    ${syntax.line.trim()}`);
  }
  lines.push(exc_value ? `${exc_type ?? 'Error'}: ${exc_value}` : (exc_type ?? 'Error'));
  lines.push(...exc_notes);
  for (const group of raised.exceptions ?? []) {
    lines.push(
      ...chain(group)
        .split('\n')
        .map((text) => `  | ${text}`),
    );
  }
  return lines.join('\n');
}
