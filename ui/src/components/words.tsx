import { Fragment, type ReactNode } from 'react';
import { Moment } from './time';

const PIECE = /(`[^`]+`|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** A sentence of the server's: names in it stand out, moments are in the reader's zone. */
export function Words({ text, name }: { text: string; name?: (name: string) => ReactNode }) {
  return text.split(PIECE).map((piece, index) => {
    if (piece.startsWith('`') && piece.endsWith('`') && piece.length > 2) {
      const word = piece.slice(1, -1);
      return (
        <Fragment key={index}>
          {name?.(word) ?? <code className="font-mono text-[0.93em]">{word}</code>}
        </Fragment>
      );
    }
    if (index % 2 === 1) return <Moment key={index} at={piece} />;
    return <Fragment key={index}>{piece}</Fragment>;
  });
}
