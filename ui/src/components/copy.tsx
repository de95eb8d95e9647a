import { IconButton } from './button';
import { complain, say } from './toast';

export function CopyButton({ text, what }: { text: string; what: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => say(`Copied ${what}.`),
      (cause: unknown) => complain('Nothing was copied', cause),
    );
  return <IconButton icon="copy" label={`Copy ${what}`} onClick={() => void copy()} />;
}
