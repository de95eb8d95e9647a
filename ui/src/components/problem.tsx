import { Problem } from '~/api/problem';
import { Button } from './button';
import { Icon } from './icons';
import { Words } from './words';

type Props = {
  error: unknown;
  what?: string;
  /** What was asked for is on the page from before: the shell says when the connection is lost. */
  isShown?: boolean;
  onRetry?: () => void;
};

/** What went wrong, its code, and what to do about it. */
export function ProblemPanel({ error, what, isShown, onRetry }: Props) {
  const problem = Problem.from(error);
  if (isShown && problem.isUnreachable) return null;
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-danger/50 bg-danger-soft p-3">
      <Icon name="warning" className="mt-0.5 shrink-0 text-danger" />
      <div className="min-w-0 flex-1">
        {what && <p className="font-semibold">{what}</p>}
        <p className="break-words whitespace-pre-line">
          {problem.code && <code className="mr-2 font-mono text-danger">{problem.code}</code>}
          <Words text={problem.message} />
        </p>
        {problem.help && (
          <p className="mt-1 whitespace-pre-line text-muted">
            {problem.help.startsWith('/') ? (
              <a href={problem.help} target="_blank" rel="noreferrer" className="link">
                What to do about it
              </a>
            ) : (
              problem.help
            )}
          </p>
        )}
      </div>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
