import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Markdown } from './markdown';

it('never lets a dag file write HTML or run a script', () => {
  render(
    <Markdown
      text={'<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](//evil.example)'}
    />,
  );
  expect(document.querySelector('img, a')).toBeNull();
  expect(screen.getByText(/<img src=x/)).toBeVisible();
});

it('removes the indent of a Python docstring', () => {
  render(<Markdown text={'\n    # Title\n\n    - one\n    - `two`\n'} />);
  expect(screen.getByRole('heading', { name: 'Title' })).toBeVisible();
  expect(screen.getAllByRole('listitem')).toHaveLength(2);
});

it('draws tables', () => {
  render(
    <Markdown text={'| task | does |\n| --- | --- |\n| `a`, `b` | one \\| two |\n\nAfter.'} />,
  );
  expect(screen.getAllByRole('columnheader')).toHaveLength(2);
  expect(screen.getByRole('cell', { name: 'one | two' })).toBeVisible();
  expect(screen.getByText('After.').closest('table')).toBeNull();
});
