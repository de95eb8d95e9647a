import { Fragment, type ReactNode } from 'react';

/**
 * The part of Markdown that dag docs use, as elements and never as HTML: what is not understood is
 * shown as the text that it is, so nothing in a dag file can put a script on this page.
 */
export function Markdown({ text }: { text: string }) {
  return <div className="flex flex-col gap-2.5 leading-relaxed">{blocks(dedent(text))}</div>;
}

function dedent(text: string): string[] {
  const lines = text.replace(/\r/g, '').split('\n');
  const indents = lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)![0].length);
  const least = Math.min(...indents, 40);
  return lines.map((line) => line.slice(least).trimEnd());
}

const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/;

function blocks(lines: string[]): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  const take = (belongs: (line: string) => boolean) => {
    const from = at;
    while (at < lines.length && belongs(lines[at]!)) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = HEADING.exec(line);
    if (!line) at++;
    else if (line.startsWith('```')) {
      at++;
      const body = take((next) => !next.startsWith('```'));
      at++;
      out.push(
        <pre
          key={at}
          tabIndex={0}
          className="overflow-x-auto rounded bg-sunk p-2 font-mono text-xs"
        >
          {body.join('\n')}
        </pre>,
      );
    } else if (heading) {
      at++;
      out.push(
        <p
          key={at}
          role="heading"
          aria-level={heading[1]!.length + 1}
          className="text-base font-semibold"
        >
          {inline(heading[2]!)}
        </p>,
      );
    } else if (isTable(lines, at)) {
      out.push(<Table key={at} rows={take((next) => next.startsWith('|')).map(cellsOf)} />);
    } else if (ITEM.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = take((next) => ITEM.test(next)).map((item) => ITEM.exec(item)![1]!);
      const List = ordered ? 'ol' : 'ul';
      out.push(
        <List key={at} className={`pl-5 ${ordered ? 'list-decimal' : 'list-disc'}`}>
          {items.map((item, index) => (
            <li key={index}>{inline(item)}</li>
          ))}
        </List>,
      );
    } else {
      const words = take(
        (next) => next !== '' && !HEADING.test(next) && !ITEM.test(next) && !next.startsWith('```'),
      );
      out.push(<p key={at}>{inline(words.join(' '))}</p>);
    }
  }
  return out;
}

function isTable(lines: string[], at: number): boolean {
  return lines[at]!.startsWith('|') && /^\|(?:\s*:?-+:?\s*\|)+$/.test(lines[at + 1] ?? '');
}

/** The cells of `| a | b |`; a bar inside code or after a backslash is text. */
function cellsOf(line: string): string[] {
  const cells = line.match(/(?:`[^`]*`|\\\||[^|])+/g) ?? [];
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function Table({ rows: [head = [], , ...body] }: { rows: string[][] }) {
  const cell = 'border-b border-line px-2 py-1 text-left align-top';
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {head.map((text, index) => (
              <th key={index} scope="col" className={`${cell} font-semibold`}>
                {inline(text)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((cells, row) => (
            <tr key={row}>
              {head.map((_, index) => (
                <td key={index} className={cell}>
                  {inline(cells[index] ?? '')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\b_[^_\s][^_]*_\b|\[[^\]]+\]\([^)\s]+\))/;

function inline(text: string): ReactNode {
  return text.split(INLINE).map((piece, index) => {
    const link = /^\[([^\]]+)\]\((https?:\/\/[^)\s]+|\/(?!\/)[^)\s]*)\)$/.exec(piece);
    if (piece.length > 2 && piece.startsWith('`') && piece.endsWith('`')) {
      return (
        <code key={index} className="rounded bg-sunk px-1 font-mono text-xs">
          {piece.slice(1, -1)}
        </code>
      );
    }
    if (piece.length > 4 && piece.startsWith('**') && piece.endsWith('**')) {
      return <strong key={index}>{piece.slice(2, -2)}</strong>;
    }
    if (piece.length > 2 && /^([*_]).*\1$/s.test(piece)) {
      return <em key={index}>{piece.slice(1, -1)}</em>;
    }
    if (link) {
      return (
        <a key={index} href={link[2]} rel="noreferrer noopener" target="_blank" className="link">
          {link[1]}
        </a>
      );
    }
    return <Fragment key={index}>{piece}</Fragment>;
  });
}
